"""Tests of the transports, with an answer that needs no zones."""
