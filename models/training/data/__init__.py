"""Readers of labelled data, one file a data set. Not for fetching them: files are the user's."""
