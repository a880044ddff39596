"""Kafka as Voxpop uses it: connection, topics, producing, reading, dead letters. Not the worker."""
