"""What senders of mail do with our zones: the path of one address, and what an edit changes."""
