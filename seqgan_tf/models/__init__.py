"""The networks: LSTM generator, CNN-highway discriminator, oracle."""
