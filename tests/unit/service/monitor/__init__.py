"""What the monitor says, and to whom."""
