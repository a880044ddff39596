"""What a run on servers of its own needs: demo, replay and benchmarks share it.

Not for deployments: those have servers that somebody else runs.
"""
