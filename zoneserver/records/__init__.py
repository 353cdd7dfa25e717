"""Rdata by type, records and RRsets: frozen values with the field names of the RFCs."""
