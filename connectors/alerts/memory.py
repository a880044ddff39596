"""What a watch remembers in Redis, so that a restart neither repeats nor loses an alert.

One watch is active at a time, by a lease. State and new alerts are fixed together, so that a look
is either done, with its alerts in the outbox, or not, and then the next watch does it again with
the same result. Not for telling the alerts: that is `watch`.
"""

from typing import Final, TypedDict
from uuid import uuid4

import orjson
import redis.asyncio

from connectors.alerts.detector import Kind
from connectors.alerts.layout import AlertLayout
from connectors.alerts.lifecycle import Course, Lifecycle
from connectors.alerts.policy import AlertPolicy
from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.alert import Alert

LEASE_S: Final = 30


class LeaseLostError(Exception):
    """Another watch is active now; nothing was written."""


class _CourseDocument(TypedDict):
    track: str
    kind: Kind
    raised_at: int
    under_way: bool
    calm_steps: int


class _StateDocument(TypedDict):
    looked_until: int
    courses: list[_CourseDocument]


class WatchMemory:
    """The lease, the state and the outbox of one watch.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
        lease_s: how long the lease lives without being prolonged, seconds.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: AlertLayout, lease_s: float = LEASE_S
    ) -> None:
        self._client = client
        self._layout = layout
        self._lease_ms = int(1000 * lease_s)
        self._owner = uuid4().hex
        self._lease = RedisScript(__package__, "lease.lua")
        self._commit = RedisScript(__package__, "commit.lua")
        self._state: bytes | str = b""

    async def take(self) -> bool:
        """Take the lease, or prolong it; whether it is this watch's now."""
        call = ScriptCall([self._layout.lease], [self._owner, self._lease_ms])
        return (await self._lease.run(self._client, [call])) == [1]

    async def give_back(self) -> None:
        """Let another watch begin at once."""
        call = ScriptCall([self._layout.lease], [self._owner, 0])
        await self._lease.run(self._client, [call])

    async def recall(self, policy: AlertPolicy) -> tuple[int | None, Lifecycle]:
        """Until when looks are done, Unix seconds, None before the first; and the alerts then."""
        self._state = await self._client.get(self._layout.state) or b""
        lifecycle = Lifecycle(policy)
        if not self._state:
            return None, lifecycle
        document: _StateDocument = orjson.loads(self._state)
        for own in document["courses"]:
            lifecycle.courses[own["track"], own["kind"]] = Course(
                own["raised_at"], own["under_way"], own["calm_steps"]
            )
        return document["looked_until"], lifecycle

    async def fix(self, looked_until: int, lifecycle: Lifecycle, alerts: list[Alert]) -> None:
        """Fix what the looks up to a moment decided.

        Args:
            looked_until: end of the last look, Unix seconds.
            lifecycle: after it.
            alerts: to be told.

        Raises:
            LeaseLostError: another watch is active.
            redis.exceptions.RedisError: Redis did not answer: it may be fixed or not.
        """
        document: _StateDocument = {
            "looked_until": looked_until,
            "courses": [
                {
                    "track": track,
                    "kind": kind,
                    "raised_at": course.raised_at,
                    "under_way": course.under_way,
                    "calm_steps": course.calm_steps,
                }
                for (track, kind), course in lifecycle.courses.items()
            ],
        }
        state = orjson.dumps(document)
        keys = [self._layout.lease, self._layout.state, self._layout.outbox]
        arguments: list[str | bytes | int] = [self._owner, self._state, state]
        arguments += [alert.encoded for alert in alerts]
        if await self._commit.run(self._client, [ScriptCall(keys, arguments)]) != [1]:
            raise LeaseLostError("another watch took over: this one no longer decides")
        self._state = state

    async def next_untold(self) -> Alert | None:
        """The oldest alert of the outbox."""
        return await self._first(self._layout.outbox)

    async def told(self, alert: Alert, *, to_webhook: bool) -> None:
        """An alert of the outbox is told; whether a webhook is still to take it."""
        async with self._client.pipeline(transaction=True) as pipeline:
            if to_webhook:
                pipeline.rpush(self._layout.webhooks, alert.encoded)
            pipeline.lrem(self._layout.outbox, 1, _argument(alert))
            await pipeline.execute()

    async def next_webhook(self) -> Alert | None:
        """The oldest alert that the webhook has not taken."""
        return await self._first(self._layout.webhooks)

    async def webhook_done(self, alert: Alert) -> None:
        """It has taken it, or never will."""
        await self._client.lrem(self._layout.webhooks, 1, _argument(alert))

    async def _first(self, key: str) -> Alert | None:
        document = await self._client.lindex(key, 0)
        return Alert.model_validate_json(document) if document else None


def _argument(alert: Alert) -> str:
    """As `lrem` wants it."""
    return alert.encoded.decode()
