"""The metrics of a run: which are measured, and when."""
