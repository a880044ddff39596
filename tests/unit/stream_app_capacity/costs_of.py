"""Costs of nothing but what a test names."""

from stream_app.capacity.costs import NAMES, Costs


def costs_of(**named: float) -> Costs:
    """Costs that are 0, but for those named and sizes that are divided by."""
    sizes = {"post_wire_bytes": 1000.0, "state_bytes": 1000.0}
    return Costs(**{**dict.fromkeys(NAMES, 0.0), **sizes, **named})
