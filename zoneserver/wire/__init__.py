"""DNS messages: octets to values and back, nothing else."""
