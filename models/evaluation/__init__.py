"""Judging trained systems: measures, calibration, slices, and the report of them."""
