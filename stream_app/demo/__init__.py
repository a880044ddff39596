"""The demonstration: a simulated scenario played through the real pipeline, and judged.

Not for production. Benchmarks play its scenario, and tests of the worker its broken posts.
"""
