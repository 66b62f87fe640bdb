"""The algorithms: Python generators `train(state, corpus, config)`.

Each yields one `Report` at the end of each round.
"""
