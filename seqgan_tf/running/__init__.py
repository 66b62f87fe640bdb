"""One run in its directory: driver, checkpoints, logs."""
