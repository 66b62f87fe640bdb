"""The networks: generator (policy), discriminator and oracle."""
