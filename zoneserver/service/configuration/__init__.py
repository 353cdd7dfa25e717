"""What the server is told: its configuration file, variables, settings."""
