"""The tests of zoneserver, and what they share."""
