"""The log: events, how they are written, and the process that writes them."""
