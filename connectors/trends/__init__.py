"""Rolling counts per track in Redis: layout, sink, reader and recount."""
