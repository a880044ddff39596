"""What a run on servers of its own needs: the replay and the benchmarks share it.

Not for deployments: those have servers that somebody else runs.
"""
