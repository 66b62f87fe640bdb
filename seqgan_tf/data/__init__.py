"""Symbols, rows of tokens, and the data sets that they come from."""
