"""Zone files on the disk: found, read, written, watched."""
