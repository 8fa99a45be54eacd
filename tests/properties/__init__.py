"""Properties that the tools of the add-ons hold, whatever they are given."""
