"""The peers that are measured, and what each gives up that Voxpop does not. Not how they work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stream_app.core.flow import BATCH_MOST

Form = Literal["eager", "engine"]
FORMS: Final[Sequence[Form]] = ("engine", "eager")

NO_SINK: Final = "no: plain HINCRBY"
NO_STATE: Final = "no: a dict in memory"


@dataclass(frozen=True, slots=True)
class Promises:
    """What the measured program promises, in a few words each; those of a peer as written here.

    Attributes:
        exact_sink: whether each post is counted once in Redis whatever crashes.
        lasting_state: whether windows of conversations survive a crash.
        batching: how posts come together for the model.
        poison: what a post that breaks the model takes with it.
    """

    exact_sink: str
    lasting_state: str
    batching: str
    poison: str


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that is measured.

    Attributes:
        name: of the module that runs it, and of its requirements where it needs any.
        title: what people call it.
        promises: what it promises.
    """

    name: str
    title: str
    promises: Promises


VOXPOP: Final = Peer(
    "voxpop",
    "Voxpop's worker",
    Promises(
        "yes: fenced", "yes: in Redis", f"{BATCH_MOST} or 20 ms", "that post alone, to posts.dlq"
    ),
)
PEERS: Final[Sequence[Peer]] = (
    Peer(
        "aiokafka_loop",
        "aiokafka loop",
        Promises(NO_SINK, NO_STATE, f"getmany(max_records={BATCH_MOST})", "the process ends"),
    ),
    Peer(
        "naive_faust",
        "Faust 0.15.3",
        Promises(
            NO_SINK,
            NO_STATE,
            f"take_events({BATCH_MOST}, 20 ms)",
            "its batch, acknowledged all the same",
        ),
    ),
    Peer(
        "quix",
        "Quix Streams 3.28.1",
        Promises(
            NO_SINK, NO_STATE, f"eager: none; engine: {BATCH_MOST} in a sink", "the process ends"
        ),
    ),
    Peer(
        "bytewax",
        "Bytewax 0.21.1",
        Promises(NO_SINK, NO_STATE, f"collect({BATCH_MOST}, 20 ms)", "the process ends"),
    ),
    Peer(
        "spark",
        "Spark 4.2.0, local[2]",
        Promises(
            NO_SINK, NO_STATE, f"micro-batches, by {BATCH_MOST} in the driver", "the query ends"
        ),
    ),
)
