"""The demonstration: a simulated scenario played through the real pipeline, and judged.

Not for production. The replay, the benchmarks and the tests of the worker use parts of it.
"""
