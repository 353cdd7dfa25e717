"""Zone files: text to records with marks and findings. Takes octets; opens nothing."""
