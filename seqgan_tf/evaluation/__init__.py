"""Which measurements a run makes, and when."""
