"""What finished sequences are worth, and what each of their tokens is worth."""
