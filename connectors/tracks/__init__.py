"""Tracks as rules: boolean queries that say which posts are about what."""
