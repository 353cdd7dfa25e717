"""Tests of a server process, as its operator and its clients see it."""
