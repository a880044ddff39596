"""Alerts in Redis: a bounded list a track, and the newest of all. Reads and writes them.

Not for the watch's own memory: that is `memory`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson
import redis.asyncio
from pydantic import BaseModel, ConfigDict, Field

from connectors.alerts.layout import KEPT_A_TRACK, KEPT_IN_ALL, KEPT_S, AlertLayout
from connectors.alerts.paging import AlertCursor, AlertPlace, alert_page
from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.alert import Alert
from connectors.trends.series import text

MAY_END: Final = 50  # of the newest alerts: those that are looked at again


class WatchState(BaseModel):
    """Whether anybody watches: where nobody does, no alert says nothing."""

    model_config = ConfigDict(frozen=True)

    active: bool = Field(description="whether a watch holds the lease now")
    looked_until: int | None = Field(
        description="end of the last look that was taken, Unix seconds; null: there was none. "
        "Looks wait while nobody posts"
    )


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Alerts, the newest first, and where those after them begin; None where there are none."""

    alerts: list[Alert]
    cursor: AlertCursor | None


class AlertReader:
    """Reads alerts; the newest first.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: AlertLayout) -> None:
        self._client = client
        self._layout = layout

    async def of_track(self, track: str, limit: int = KEPT_A_TRACK) -> list[Alert]:
        """Alerts of a track, at most the last hundred that it had in 90 days.

        Args:
            track: name of the track; one without alerts has none.
            limit: most of them, over 0.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        ids = await self._client.zrevrange(self._layout.times(track), 0, limit - 1)
        return await self._fetch(
            [(track, text(own)) for own in ids if isinstance(own, bytes | str)]
        )

    async def newest(self, limit: int = KEPT_A_TRACK) -> list[Alert]:
        """Alerts of all tracks.

        Args:
            limit: most of them, over 0; of the last thousand.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        return await self._fetch(await self._newest(limit))

    async def untold(self, told: Mapping[str, str]) -> list[Alert]:
        """Alerts that were raised, or of the newest have ended, since somebody was told.

        Args:
            told: state of each alert as it was told, by its id.

        Returns:
            Of all tracks, the newest first; of the last thousand, those that are new, and of the
            last fifty those that have ended.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        newest = await self._newest(KEPT_IN_ALL)
        asked = [
            (track, own)
            for at, (track, own) in enumerate(newest)
            if own not in told or (at < MAY_END and told[own] != "ended")
        ]
        found = await self._fetch(asked)
        return [alert for alert in found if told.get(alert.alert_id) != alert.state]

    async def page(
        self,
        track: str | None,
        limit: int,
        *,
        before: float | None = None,
        cursor: AlertCursor | None = None,
    ) -> AlertPage:
        """A page of the alerts of one track, or of all; `alert_page` says what is on it.

        Args:
            track: name of the track; None: of all tracks, the last thousand.
            limit: most of them, over 0.
            before: only those raised before that event time, Unix seconds.
            cursor: of the page before.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        key = self._layout.newest if track is None else self._layout.times(track)
        scored: list[tuple[bytes | str, float]] = await self._client.zrevrange(
            key, 0, -1, withscores=True
        )  # type: ignore[assignment]  # redis-py says nothing of pairs
        places = []
        for member, raised_at in scored:
            own, _, other = text(member).partition(":")
            places.append(AlertPlace(int(raised_at), own, other if track is None else track))
        found, following = alert_page(places, limit, before=before, cursor=cursor)
        alerts = await self._fetch([(place.track, place.alert_id) for place in found])
        return AlertPage(alerts, following)

    async def watch(self) -> WatchState:
        """Whether a watch is active, and how far it has looked.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.get(self._layout.lease)
            pipeline.get(self._layout.state)
            lease, state = await pipeline.execute()
        looked_until = orjson.loads(state)["looked_until"] if state else None
        return WatchState(active=lease is not None, looked_until=looked_until)

    async def _newest(self, limit: int) -> list[tuple[str, str]]:
        """Track and id of the newest alerts."""
        members = await self._client.zrevrange(self._layout.newest, 0, limit - 1)
        named = [text(member) for member in members if isinstance(member, bytes | str)]
        return [(track, own) for own, _, track in (member.partition(":") for member in named)]

    async def _fetch(self, places: list[tuple[str, str]]) -> list[Alert]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for track, own in places:
                pipeline.hget(self._layout.alerts(track), own)
            found = await pipeline.execute()
        return [Alert.model_validate_json(document) for document in found if document]


class AlertStore(AlertReader):
    """Keeps alerts; arguments as `AlertReader`."""

    def __init__(self, client: redis.asyncio.Redis, layout: AlertLayout) -> None:
        super().__init__(client, layout)
        self._keep = RedisScript(__package__, "keep.lua")

    async def put(self, alert: Alert) -> None:
        """Keep an alert, in place of an earlier copy; again has no other effect.

        Raises:
            redis.exceptions.RedisError: Redis did not answer; put it again.
        """
        keys = [self._layout.alerts(alert.track), self._layout.times(alert.track)]
        arguments: list[str | bytes | int] = [alert.alert_id, alert.raised_at, alert.encoded]
        await self._keep.run(self._client, [ScriptCall(keys, [*arguments, KEPT_A_TRACK, KEPT_S])])
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.zadd(self._layout.newest, {f"{alert.alert_id}:{alert.track}": alert.raised_at})
            pipeline.zremrangebyrank(self._layout.newest, 0, -1 - KEPT_IN_ALL)
            await pipeline.execute()

    async def find(self, track: str, alert_id: str) -> Alert | None:
        """One alert; None where it is no longer kept."""
        found = await self._fetch([(track, alert_id)])
        return found[0] if found else None
