"""The demonstration: a simulated scenario played through the real pipeline, and judged.

Not for production: nothing outside this package and its command imports it.
"""
