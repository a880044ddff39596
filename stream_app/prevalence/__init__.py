"""Fits a quantifier on labelled comments and judges its shares by track against labels.

The estimates themselves are those of `connectors.prevalence`; posts are scored as a worker does.
"""
