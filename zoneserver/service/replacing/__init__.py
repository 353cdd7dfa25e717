"""A server that takes the place of another one, and its sockets, while queries are answered."""
