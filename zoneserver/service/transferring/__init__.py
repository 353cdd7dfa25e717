"""Transfers of zones: their process, and the files that it and the builder share."""
