"""Zones as immutable values: nodes keyed by owner, and the set of zones we serve."""
