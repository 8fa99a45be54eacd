"""What is handed to people outside, who check a contract without this system."""
