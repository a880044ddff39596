"""The 35 visual numbers of feature set `default@1`: a plain descriptor of pictures and frames.

Not for files: `pictures` and `films` decode those, and all else takes pixels.
"""
