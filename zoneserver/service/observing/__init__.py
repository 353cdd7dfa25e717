"""What the main process knows of zones and of what was asked."""
