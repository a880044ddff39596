"""Names of the Redis keys of alerts. Pure."""

from dataclasses import dataclass
from typing import Final

from connectors.trends.layout import DAY_S

KEPT_A_TRACK: Final = 100
KEPT_IN_ALL: Final = 1000
KEPT_S: Final = 90 * DAY_S


@dataclass(frozen=True, slots=True)
class AlertLayout:
    """Names of the keys of one deployment.

    Args:
        namespace: first part of every key, as that of `TrendLayout`.
    """

    namespace: str = "voxpop"

    def alerts(self, track: str) -> str:
        """Hash of a track's alerts: id -> JSON."""
        return f"{self.namespace}:{{{track}}}:alerts"

    def times(self, track: str) -> str:
        """Sorted set of a track's alerts: ids, scored by when they were raised."""
        return f"{self.namespace}:{{{track}}}:alert_times"

    @property
    def newest(self) -> str:
        """Sorted set of `<id>:<track>` over all tracks, scored by when they were raised."""
        return f"{self.namespace}:newest_alerts"

    @property
    def lease(self) -> str:
        """Who watches; expires when it no longer does."""
        return self._watch("lease")

    @property
    def state(self) -> str:
        """What the watch remembers, JSON."""
        return self._watch("state")

    @property
    def outbox(self) -> str:
        """List of alerts decided and not yet told."""
        return self._watch("outbox")

    @property
    def webhooks(self) -> str:
        """List of alerts that the webhook has yet to take."""
        return self._watch("webhooks")

    def _watch(self, name: str) -> str:
        return f"{self.namespace}:alerts:{{watch}}:{name}"
