"""What the parents of our zones say of their keys, asked through a resolver."""
