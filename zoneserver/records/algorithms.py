"""The algorithms of signatures that zones are signed with, by their names and numbers."""

# RFC 8624 3.1, without those that nobody should sign with.
NUMBERS = {"RSASHA256": 8, "ECDSAP256SHA256": 13, "ED25519": 15, "ED448": 16}
DEFAULT = 13  # RFC 8624 3.1: the one that every validator has
MNEMONICS = {number: mnemonic for mnemonic, number in NUMBERS.items()}
