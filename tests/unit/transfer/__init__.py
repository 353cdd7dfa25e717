"""Tests of transfers: keys, signatures, messages."""
