"""What a finished sequence is worth, and each of its tokens."""
