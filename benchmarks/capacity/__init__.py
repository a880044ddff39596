"""Costs of the pipeline measured, and the simulation of it judged beside real runs."""
