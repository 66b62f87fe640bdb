"""One run in its workdir: driver, checkpoints and logs."""
