"""Tests of asking parents for DS records."""
