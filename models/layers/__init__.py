"""Building blocks of the network. Not the network itself: that is `models.tmsam`."""
