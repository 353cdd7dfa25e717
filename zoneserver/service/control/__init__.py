"""The control socket, and what is told and done over it."""
