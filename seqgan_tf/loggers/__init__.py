"""The loggers, which show the metrics of a run. Each is one file and one entry of the registry."""
