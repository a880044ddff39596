"""Explains example posts for the HTTP API in a process of its own."""
