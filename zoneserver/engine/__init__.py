"""Answers: what a zone says to a question, and the octets that say it."""
