"""Installs, starts, tests and measures the contract add-ons."""
