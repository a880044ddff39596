"""The network, its training and its inference engines; the only room that imports torch."""
