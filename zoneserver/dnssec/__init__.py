"""DNSSEC: keys, signatures and proofs of absence, made of zones that have none."""
