"""Sequences that are chosen among many, by a policy and by the scores of finished sequences."""
