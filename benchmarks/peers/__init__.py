"""Other stream processors at Voxpop's work: the same posts, the same model, the same servers.

`run` measures them; every peer is a process of its own, `python -m benchmarks.peers NAME`. Their
packages are in no lock of this project: `packages` installs them where nothing else finds them.
"""
