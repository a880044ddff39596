"""Trends over HTTP: JSON and CSV for programs, server-sent events, metrics, and the dashboard."""
