"""Training and judging of the network. Not for serving: that is `models.engine`."""
