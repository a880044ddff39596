"""The model in a process of its own, beside the worker's event loop."""
