"""The commands beside training, sweeps and reports; `registry.py` lists all of them."""
