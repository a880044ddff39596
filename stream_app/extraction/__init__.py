"""The work of a worker that extracts: raw posts become posts with features, each exactly once.

Not for scoring, nor for how features of media are made (`connectors.extraction`).
"""
