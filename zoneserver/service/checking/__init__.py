"""Findings and changes, for people and for programs; and how to mend them."""
