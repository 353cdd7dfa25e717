"""The workers: the engines that answer, and what these leave over."""
