"""The peers that are measured, and what each gives up that Voxpop does not. Not how they work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

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
    Promises("yes: fenced", "yes: in Redis", "64 or 20 ms", "that post alone, to posts.dlq"),
)
PEERS: Final[Sequence[Peer]] = (
    Peer(
        "aiokafka_loop",
        "aiokafka loop",
        Promises(NO_SINK, NO_STATE, "getmany(max_records=64)", "the process ends"),
    ),
    Peer(
        "naive_faust",
        "Faust 0.15.3",
        Promises(
            NO_SINK, NO_STATE, "take_events(64, 20 ms)", "its batch, acknowledged all the same"
        ),
    ),
    Peer(
        "quix",
        "Quix Streams 3.28.1",
        Promises(NO_SINK, NO_STATE, "eager: none; engine: 64 in a sink", "the process ends"),
    ),
    Peer(
        "bytewax",
        "Bytewax 0.21.1",
        Promises(NO_SINK, NO_STATE, "collect(64, 20 ms)", "the process ends"),
    ),
    Peer(
        "spark",
        "Spark 4.2.0, local[2]",
        Promises(NO_SINK, NO_STATE, "micro-batches, by 64 in the driver", "the query ends"),
    ),
)
