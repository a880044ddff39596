"""The types that travel between rooms: posts, predictions, rejections. No I/O here."""
