"""Zones from server to server: keys, signatures, transfers. No sockets and no files."""
