"""Decisions of the worker in plain Python: no Faust, Kafka, Redis or torch."""
