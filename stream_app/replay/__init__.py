"""Plays labelled comments through the whole pipeline and compares its trends with the labels.

Not for training or evaluating a model by itself: `models` does that.
"""
