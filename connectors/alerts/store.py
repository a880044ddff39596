"""Alerts in Redis: a bounded list a track, and the newest of all. Reads and writes them.

Not for the watch's own memory: that is `memory`.
"""

import redis.asyncio

from connectors.alerts.layout import KEPT_A_TRACK, KEPT_IN_ALL, KEPT_S, AlertLayout
from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.alert import Alert
from connectors.trends.series import text


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

    async def newest(self, limit: int = KEPT_A_TRACK, before: float | None = None) -> list[Alert]:
        """Alerts of all tracks.

        Args:
            limit: most of them, over 0; of the last thousand.
            before: only those raised before that event time, Unix seconds; for the next page.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        highest = "+inf" if before is None else f"({before}"
        members = await self._client.zrevrangebyscore(
            self._layout.newest, highest, "-inf", start=0, num=limit
        )
        named = [text(member) for member in members if isinstance(member, bytes | str)]
        places = [member.partition(":") for member in named]
        return await self._fetch([(track, own) for own, _, track in places])

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
