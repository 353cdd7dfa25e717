"""The same zones and the same questions, answered by us and by NSD, Knot and BIND."""
