"""The algorithms: each is a Python generator `train(state, corpus, config)` that yields one `Report` at the end of each round."""
