"""A user with the rights of its role can do its work, and each of them is needed."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
import redis.asyncio
import redis.exceptions

from connectors.alerts.feed import Feed
from connectors.alerts.layout import AlertLayout
from connectors.alerts.memory import WatchMemory
from connectors.alerts.policy import quick_policy
from connectors.alerts.store import AlertReader, AlertStore
from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.exemplars.store import Example, ExemplarStore
from connectors.exemplars.withdrawn import Withdrawn
from connectors.redis_connection import RedisConnection
from connectors.redis_problems import redis_problem
from connectors.redis_rights import (
    BY_ASKING,
    WITHOUT_KEYS,
    Role,
    acl_rule,
    missing_for_worker,
    rights,
)
from connectors.redis_rights import WORK as ROLES
from connectors.trends.layout import TrendLayout
from connectors.trends.opinions import LiveOpinions
from connectors.trends.positions import Settled
from connectors.trends.reader import TrendReader
from connectors.trends.rebuild import Scope, rebuild
from connectors.trends.recount import Basis, Recount
from connectors.trends.series import text
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import take_snapshot
from tests.conftest import PredictionMaker
from tests.integration.security.conftest import GuardedRedis, make_redis_user
from tests.unit.connectors_alerts.alerts import alert

pytestmark = pytest.mark.integration

SOURCE = SourcePartition("posts", "mHkLxGpJQ2mOZp3rXvYtqg", 0)
DAY_S = 86_400
YEAR_S = 365 * DAY_S
Work = Callable[[redis.asyncio.Redis, PredictionMaker, str], Awaitable[None]]


async def work_of_a_worker(
    client: redis.asyncio.Redis, predict: PredictionMaker, namespace: str
) -> None:
    """Counts, of which one is late; results fixed, with a window that overflows; examples."""
    await client.ping()  # as its probes do
    store = PartitionStore(client, namespace=namespace, window=2)
    assert await store.load_intent(SOURCE) is None
    batch = BatchToFix(SOURCE, 0, 2, b"outcomes", {"c1": [b"1", b"2", b"3"]})
    assert await store.fix([batch]) == [True]
    assert await store.windows([(SOURCE, "c1")]) == {(SOURCE, "c1"): [b"2", b"3"]}
    now = time.time()
    posts = [predict(0, ["acme"], now), predict(1, ["acme"], now - YEAR_S)]
    posts += [predict(at, ["acme"], now) for at in range(2, 20)]
    applied = await TrendSink(client, TrendLayout(namespace)).apply({SOURCE.field: posts})
    assert (applied.counted, applied.late) == (20, 3)
    examples = ExemplarStore(client, TrendLayout(namespace), text_retention_s=3600)
    await examples.keep(Example(post, "words") for post in posts)


async def work_of_a_verifier(
    client: redis.asyncio.Redis, _: PredictionMaker, namespace: str
) -> None:
    """What `voxpop verify` reads."""
    await client.time()
    await client.smembers(TrendLayout(namespace).tracks)
    snapshot = await take_snapshot(client, TrendLayout(namespace), "acme")
    assert snapshot.fence == {SOURCE.field: 19}
    assert snapshot.buckets


async def work_of_a_rebuilder(
    client: redis.asyncio.Redis, predict: PredictionMaker, namespace: str
) -> None:
    """What `voxpop rebuild` reads and writes: posts that Redis lost, some that it has too many."""

    class Record:
        async def settled(self) -> Settled:
            return Settled(SOURCE.topic, SOURCE.topic_id, {0: 5})

        async def recount(self, basis: Basis) -> Recount:
            recount = Recount(basis)
            lost = predict(2, ["lost"], now, author_hash="0" * 16)
            for post in (lost, predict(3, ["acme"], now - DAY_S)):
                recount.add(post.encoded, SOURCE.topic_id)
            return recount

        async def whole_since(self) -> float | None:
            return None

    now = time.time()
    done = await rebuild(Record(), client, TrendLayout(namespace), Scope(lower=True))
    assert (done.tracks, done.removed > 0, done.added > 0) == (2, True, True)


async def work_of_a_reader(client: redis.asyncio.Redis, _: PredictionMaker, namespace: str) -> None:
    """What `voxpop trends`, `alerts list`, the HTTP API and a dashboard read."""
    await client.ping()  # as /readyz does
    reader, now = TrendReader(client, TrendLayout(namespace)), time.time()
    assert await reader.tracks() == ["acme"]
    assert (await reader.window("acme", "1h")).total.posts == 19
    opinions = LiveOpinions(client, TrendLayout(namespace))
    assert len((await opinions.counted(["acme"], now - 3600, now, "1m"))["acme"].starts)
    assert (await reader.late_dropped("acme"))["10s"] == 1
    await reader.splits("acme", now - 3600, now)
    assert (await reader.distinct("acme", now - 3600, now)).conversations
    assert await reader.exemplars("acme")
    assert await PartitionStore(client, namespace=namespace).windows([(SOURCE, "c1")])
    alerts = AlertReader(client, AlertLayout(namespace))
    assert len(await alerts.of_track("acme")) == len(await alerts.newest()) == 1


async def work_of_a_watcher(
    client: redis.asyncio.Redis, _: PredictionMaker, namespace: str
) -> None:
    """What `voxpop alerts watch` does, with an alert to tell."""
    policy, layout = quick_policy(min_posts=20), AlertLayout(namespace)
    memory = WatchMemory(client, layout, lease_s=30)
    assert await memory.take()
    lifecycle = (await memory.recall(policy))[1]
    now = int(time.time()) // policy.step_s * policy.step_s
    await memory.fix(now, lifecycle, [alert()])
    feed = Feed(client, TrendLayout(namespace), policy, now)
    await feed.find_tracks()
    await feed.mend_late()
    await feed.read([now])
    assert await Withdrawn(client, TrendLayout(namespace)).among([("p1", None)]) == [False]
    untold = await memory.next_untold()
    assert untold is not None
    store = AlertStore(client, layout)
    await store.put(untold)
    assert await store.find(untold.track, untold.alert_id) == untold
    await memory.told(untold, to_webhook=True)
    await memory.webhook_done(untold)
    await memory.give_back()


async def work_of_a_remover(
    client: redis.asyncio.Redis, _: PredictionMaker, namespace: str
) -> None:
    """What `voxpop forget` and `voxpop ingest` do."""
    layout = TrendLayout(namespace)
    store = ExemplarStore(client, layout)
    kept = text(min(await client.hgetall(layout.exemplars("acme"))))
    assert await store.forget_posts({kept}) == 1
    assert await store.forget_authors({"0" * 16}) == 0


WORK: dict[Role, Work] = {
    "rebuilder": work_of_a_rebuilder,
    "reader": work_of_a_reader,
    "remover": work_of_a_remover,
    "verifier": work_of_a_verifier,
    "watcher": work_of_a_watcher,
    "worker": work_of_a_worker,
}
OWN: Sequence[tuple[Role, str]] = [(role, right) for role in WORK for right in ROLES[role].commands]


@pytest.fixture
async def counted(
    guarded_redis: GuardedRedis,
    redis_administrator: redis.asyncio.Redis,
    predict: PredictionMaker,
    namespace: str,
) -> str:
    """A namespace in which posts were counted, and an alert told."""
    assert guarded_redis
    await work_of_a_worker(redis_administrator, predict, namespace)
    await AlertStore(redis_administrator, AlertLayout(namespace)).put(alert())
    return namespace


async def do_as(
    role: Role,
    rule: str,
    connection: RedisConnection,
    administrator: redis.asyncio.Redis,
    predict: PredictionMaker,
    namespace: str,
) -> None:
    """Do the role's work as a user of that rule, with every script to be loaded again."""
    await make_redis_user(administrator, role, rule)
    await administrator.script_flush()
    url = connection.url.replace("worker:", f"{role}:")
    async with replace(connection, url=url).open(one_run=role == "worker") as client:
        await WORK[role](client, predict, namespace)


@pytest.mark.parametrize("role", WORK)
async def test_a_role_can_do_its_work_with_its_rights(
    role: Role,
    redis_tls: RedisConnection,
    redis_administrator: redis.asyncio.Redis,
    predict: PredictionMaker,
    counted: str,
) -> None:
    namespace = f"{counted}-own" if role == "worker" else counted
    rule = acl_rule(role, namespace)
    await redis_administrator.acl_log_reset()
    await do_as(role, rule, redis_tls, redis_administrator, predict, namespace)
    assert await redis_administrator.acl_log() == []


@pytest.mark.parametrize(("role", "right"), OWN)
async def test_a_role_cannot_do_its_work_with_one_right_less(
    role: Role,
    right: str,
    redis_tls: RedisConnection,
    redis_administrator: redis.asyncio.Redis,
    predict: PredictionMaker,
    counted: str,
) -> None:
    namespace = f"{counted}-own" if role == "worker" else counted
    rule = " ".join(word for word in acl_rule(role, namespace).split() if word != f"+{right}")
    with pytest.raises(redis.exceptions.ResponseError) as refused:
        await do_as(role, rule, redis_tls, redis_administrator, predict, namespace)
    said = redis_problem(refused.value)
    assert "lacks a right" in said
    assert right.partition("|")[0] in said.lower() or "executing the script" in said  # Redis 7.0
    assert "docs/security.md" in said


@pytest.mark.parametrize("role", ["reader", "verifier"])
async def test_who_only_reads_may_not_write(
    role: Role, redis_administrator: redis.asyncio.Redis, redis_tls: RedisConnection, counted: str
) -> None:
    await make_redis_user(redis_administrator, role, f"{acl_rule(role, counted)} +del")
    url = redis_tls.url.replace("worker:", f"{role}:")
    async with replace(redis_tls, url=url).open() as client:
        with pytest.raises(redis.exceptions.NoPermissionError):
            await client.delete(TrendLayout(counted).tracks)


async def test_nobody_may_touch_the_keys_of_another_deployment(
    redis_administrator: redis.asyncio.Redis,
    redis_tls: RedisConnection,
    predict: PredictionMaker,
    counted: str,
) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        await do_as(
            "worker",
            acl_rule("worker", "blue-voxpop"),
            redis_tls,
            redis_administrator,
            predict,
            counted,
        )


async def test_what_a_worker_lacks_is_listed_before_it_works(
    redis_tls: RedisConnection, redis_administrator: redis.asyncio.Redis, namespace: str
) -> None:
    rule = acl_rule("worker", namespace)

    async def missing(rule: str, namespace: str = namespace) -> list[str]:
        await make_redis_user(redis_administrator, "worker", rule)  # ends its connections
        async with redis_tls.open() as client:
            return await missing_for_worker(client, namespace)

    assert await missing(rule) == []
    checked = set(rights("worker")) - BY_ASKING
    with_keys = sorted(command.upper() for command in checked - WITHOUT_KEYS)
    assert await missing(rule, f"{namespace}-other") == with_keys
    for command in checked:
        assert await missing(f"{rule} -{command}") == [command.upper()]
