"""The rules a zone must keep before it is served."""
