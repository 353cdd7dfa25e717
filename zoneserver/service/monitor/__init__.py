"""The process that shows people and programs how the server is: over HTTP, and nothing else."""
