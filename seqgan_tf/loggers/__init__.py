"""Where a run's metrics are shown: each logger is one file and one entry of the registry."""
