"""Named data sets, each loaded as a `Corpus`."""
