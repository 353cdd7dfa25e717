"""The records by which a domain says how its mail is sent, signed, reported and protected."""
