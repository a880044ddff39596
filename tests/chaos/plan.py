"""Which runs there are: the long form, and the few of it that every test run does."""

from dataclasses import replace
from typing import Final

from tests.chaos.faults.broker import BrokerLost, BrokerRestart
from tests.chaos.faults.clock import ClockJumps
from tests.chaos.faults.delivery import RecordsSkipped, RecordsTwice
from tests.chaos.faults.disk import DiskFull, KafkaDiskFull, RedisDiskFull
from tests.chaos.faults.freeze import Freeze, FreezeAt
from tests.chaos.faults.gaps import Compaction, Transactions
from tests.chaos.faults.hang import HangInRebalance
from tests.chaos.faults.idle import Idle
from tests.chaos.faults.kill import Kill, KillAt, KillInRecovery
from tests.chaos.faults.membership import JoinAndLeave, Restart, StopUnanswered
from tests.chaos.faults.model import (
    ModelFails,
    ModelHangs,
    ModelKilled,
    ModelNan,
    ModelSwapped,
)
from tests.chaos.faults.overload import Overload
from tests.chaos.faults.redis_loss import RedisEmpty, RedisLosesCounts, RedisLosesTail, RedisRestart
from tests.chaos.faults.redis_refusal import RedisFailover, RedisOutOfMemory, RedisReadOnly
from tests.chaos.faults.redis_slow import RedisCut, RedisSlow
from tests.chaos.faults.topic import LateCommit, MorePartitions, Retention, TopicMadeAgain
from tests.chaos.points import Action
from tests.chaos.run import Setup
from tests.chaos.trials import GuardTrial

LONG: Final[tuple[Setup, ...]] = (
    Setup("kill", [Kill()] * 4, workers=3),
    Setup("kill before effects", [KillAt("after decide"), KillAt("before fix")]),
    Setup("kill after effects", [KillAt("after fix"), KillAt("after deliver")]),
    Setup(
        "kill before the commit",
        [KillAt("after count"), KillAt("before commit"), KillAt("after commit")],
    ),
    Setup("kill in recovery", [KillInRecovery("before load"), KillInRecovery("after load")]),
    Setup("workers come and go", [JoinAndLeave(), Restart()]),
    Setup("stop unanswered", [StopUnanswered("Kafka"), StopUnanswered("Redis")]),
    Setup("freeze", [Freeze()] * 2, workers=3),
    Setup("freeze before fix, deliver", [FreezeAt("before fix"), FreezeAt("before deliver")]),
    Setup("freeze before count, commit", [FreezeAt("before count"), FreezeAt("before commit")]),
    Setup("freeze before decisions", [FreezeAt("after assemble"), FreezeAt("after decide")]),
    Setup("records", [RecordsSkipped(), RecordsTwice()]),
    Setup("broker restart", [BrokerRestart()] * 2),
    Setup("broker away", [BrokerRestart(away_s=60.0)]),
    Setup("broker of three", [BrokerLost()], brokers=3),
    Setup("redis restart", [RedisRestart(), RedisLosesTail(), RedisLosesTail(quiet=True)]),
    Setup("redis empty", [RedisEmpty()]),
    Setup("redis refuses", [RedisOutOfMemory(), RedisReadOnly()]),
    Setup("redis failover", [RedisFailover()] * 2),
    Setup("redis slow", [RedisSlow(), RedisCut()]),
    Setup("disk full", [DiskFull()]),
    Setup("disk full at kafka", [KafkaDiskFull()], small_disk="kafka"),
    Setup("disk full at redis", [RedisDiskFull()], small_disk="valkey"),
    Setup("topic made again", [TopicMadeAgain(), TopicMadeAgain(outgrown=True)]),
    Setup("more partitions", [MorePartitions()]),
    Setup("retention", [Retention()]),
    Setup("gaps", [Transactions(), Compaction()]),
    Setup("clock", [ClockJumps()]),
    Setup("model fails", [ModelFails(), ModelNan(), ModelHangs()], per_s=30.0),
    Setup(
        "model killed",
        [ModelKilled(), ModelKilled("before encode"), ModelKilled("before score")],
    ),
    Setup("model swapped", [ModelSwapped()]),
    Setup(
        "mixed",
        [Kill(), Freeze(), Restart(), KillAt("after count"), RedisLosesTail(), BrokerRestart()],
        workers=3,
    ),
    Setup("idle worker", [Idle()], workers=1, partitions=1),
    Setup("overload", [Overload(seconds=300)], workers=1, model_ms=5.0),
    Setup("overload, shedding", [Overload(seconds=300, shed=8)], workers=1, model_ms=5.0),
)


def shortened(setup: Setup, seconds: float) -> Setup:
    """The same run with no overload longer than that, to try it."""
    faults = [
        replace(fault, seconds=min(seconds, fault.seconds))
        if isinstance(fault, Overload)
        else fault
        for fault in setup.faults
    ]
    return replace(setup, faults=faults)


SHORT: Final = (
    Setup(
        "short: kills",
        [KillAt("after deliver"), KillAt("after count"), ModelKilled("before score")],
    ),
    Setup("short: zombie, Redis", [FreezeAt("before fix"), RedisLosesTail(quiet=True)]),
    Setup("short: topic made again", [TopicMadeAgain(outgrown=True)], workers=1),
)

# where a batch may be fixed again, whoever had it first is told by its windows
REFIXED: Final = ("intent refusal", "hang limit")

GUARDS: Final = (
    GuardTrial("intent first", Setup("intent first", [KillAt("after deliver")]), "changed"),
    GuardTrial("fence", Setup("fence", [KillAt("after count")]), "double"),
    GuardTrial("admission", Setup("admission by offset", [RecordsSkipped()]), "lost"),
    GuardTrial("commit last", Setup("commit last", [], armed={"before fix": Action.KILL}), "lost"),
    GuardTrial(
        "intent refusal",
        Setup("refusal", [FreezeAt("before fix")], without=("watchdog", "age", "hang limit")),
        "bad_windows",
    ),
    GuardTrial(
        "generation",
        Setup(
            "generation",
            [HangInRebalance("after assemble")],
            workers=1,
            partitions=1,
            without=REFIXED,
        ),
        "bad_windows",
    ),
    GuardTrial(
        "age",
        Setup("age of the batch", [FreezeAt("after decide")], without=(*REFIXED, "watchdog")),
        "bad_windows",
    ),
    GuardTrial(
        "watchdog",
        Setup("watchdog", [FreezeAt("after assemble")], without=REFIXED),
        "bad_windows",
    ),
    GuardTrial("hang limit", Setup("hang limit", [ModelHangs()], per_s=30.0), "stuck"),
    GuardTrial("reading again", Setup("reading again", [RecordsSkipped()]), "stuck"),
    GuardTrial("read committed", Setup("read committed", [Transactions()]), "double"),
    GuardTrial(
        "one run of redis",
        Setup("one run of redis", [RedisLosesTail(quiet=True, noticed_within_s=30)]),
        "lost",
    ),
    GuardTrial("start by intent", Setup("start by intent", [RedisLosesTail(quiet=True)]), "lost"),
    GuardTrial("count again", Setup("count again", [RedisLosesCounts()]), "lost"),
    GuardTrial("topic's id", Setup("topic's id", [LateCommit()], workers=1), "lost"),
)
