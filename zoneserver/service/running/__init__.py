"""The main process: its sockets, its children, its rights."""
