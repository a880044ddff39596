"""Alerts to keep, send and read."""

from connectors.alerts.detector import Shift
from connectors.alerts.lifecycle import Raised
from connectors.alerts.telling import raised_alert
from connectors.schemas.alert import Alert, Evidence

NOTHING = Evidence(platforms=[], modalities=[], words=[], posts=[])
VOLUME = Shift("volume", "up", None, 5, 90, 90.0, 30.0, 2.4, 3.8, 1e-9, 1e-7)
SWING = Shift("sentiment", "up", "sentiment:negative", 15, 320, 0.46, 0.25, 0.15, 0.27, 1e-9, 1e-7)


def alert(track: str = "acme", raised_at: int = 1_764_000_000, shift: Shift = VOLUME) -> Alert:
    """An alert that was raised at a Unix second, two minutes after its shift began."""
    return raised_alert(Raised(track, raised_at, shift), raised_at - 120, 60, NOTHING)
