"""Container images: their Dockerfile, and which of the locked packages each holds."""
