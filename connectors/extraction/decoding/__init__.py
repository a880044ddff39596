"""Decoders in processes of their own, so that hostile media can end or hold up nothing else."""
