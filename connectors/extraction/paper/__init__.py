"""Feature set `paper@1`, of what other programs made: GloVe vectors, COVAREP and Facet tables.

Not for making those: COVAREP is for Matlab, and Facet was sold by iMotions.
"""
