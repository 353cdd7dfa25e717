"""Sockets: UDP and TCP. They move octets and know no zones."""
