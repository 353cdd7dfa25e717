"""The rules on DNSSEC: keys, signatures, proofs of absence, and what parents vouch for."""
