"""Zone images: every answer that a zone can give, made ahead, in one read-only file."""
