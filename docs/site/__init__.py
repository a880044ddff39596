"""Pages of docs/ that are written from the code. Not for the settings' page: that has its own."""
