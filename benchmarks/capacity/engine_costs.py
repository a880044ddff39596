"""What a batch, a post, its context and a rebuilt state cost the model, and whoever asks it.

By least squares over batches of several sizes with short and long conversations, with states kept
and without. Questions and answers are those of worker and model's process, on one thread here, so
that each one's time can be told. Not for comparing engines: that is `benchmarks.engine`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from benchmarks.capacity.solving import Equation, solve
from benchmarks.posts import WirePost
from connectors.schemas.scoring import Features, Score, WindowRequest
from models.engine import Engine, load_engine
from stream_app.capacity.conversations import Conversations
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.windows import SimulatedWindows
from stream_app.core.scoring import PostToScore, Scorer, canary_features
from stream_app.core.windows import ConversationKey, Windows
from stream_app.inference.__main__ import answer
from stream_app.inference.block import SharedBlock
from stream_app.inference.wire import ask_encode, ask_score, told_records, told_scores
from stream_app.settings import Settings

BATCHES: Final = (1, 8, 32, 64, 128, 256)
SHORT: Final = Conversing(live=60, new_share=0.3)
LONG: Final = Conversing(live=60, new_share=0.06)
ALL_STATES: Final = 1024  # MiB
NO_STATES: Final = 0
_SEED: Final = 3
_MOST: Final = 100_000


@dataclass(slots=True)
class EngineRun:
    """Posts scored in batches of one size.

    Attributes:
        context: posts looked at by kept states, all together.
        rebuilt: posts computed again, all together.
        encode_ms: of the model, for records; `score_ms` for scores.
        ask_ms: of whoever asks it for both.
    """

    batch: int
    batches: float = 0
    posts: int = 0
    context: int = 0
    rebuilt: int = 0
    encode_ms: float = 0.0
    score_ms: float = 0.0
    ask_ms: float = 0.0


# cost -> how many of it a run had, of what is solved for apart
_ENCODING: Final[Mapping[str, Callable[[EngineRun], float]]] = {
    "encode_batch_ms": lambda run: run.batches,
    "encode_post_ms": lambda run: run.posts,
}
_SCORING: Final[Mapping[str, Callable[[EngineRun], float]]] = {
    "score_single_ms": lambda run: run.batches if run.batch == 1 else 0,
    "score_batch_ms": lambda run: run.batches if run.batch > 1 else 0,
    "score_post_ms": lambda run: run.posts,
    "score_context_ms": lambda run: run.context,
    "score_rebuilt_ms": lambda run: run.rebuilt,
}
_ASKING: Final[Mapping[str, Callable[[EngineRun], float]]] = {
    "ask_batch_ms": lambda run: run.batches,
    "ask_post_ms": lambda run: run.posts,
}
OF_THE_MODEL: Final = {**_ENCODING, **_SCORING}


def engine_costs(made: Sequence[WirePost], posts: int) -> tuple[dict[str, float], list[EngineRun]]:
    """The costs of the model and of asking it by name, and the runs they come from.

    Args:
        made: posts to score.
        posts: in each run; an eighth where they come one by one or states are rebuilt.
    """
    features = [each.post.features for each in made]
    runs = []
    for states_mib in (ALL_STATES, NO_STATES):
        batches = BATCHES if states_mib else (8, 64)
        for batch, conversing in product(batches, (SHORT, LONG)):
            slow = batch == 1 or not states_mib
            count = max(4 * batch, posts // 8 if slow else posts)
            load = Load("engine", posts=count, batch_max=batch, conversing=conversing)
            engine = load_engine(
                Settings().model, "cpu", 1, name="stream", window=load.window, states_mib=states_mib
            )
            states = _MOST if states_mib else 0
            runs.append(run_engine(engine, features, load, states))
    return model_costs(runs), runs


def model_costs(runs: Sequence[EngineRun]) -> dict[str, float]:
    """The costs that explain runs; of a batch of one post it is another than of larger ones."""
    return (
        _solved(_ENCODING, runs, lambda run: run.encode_ms)
        | _solved(_SCORING, runs, lambda run: run.score_ms)
        | _solved(_ASKING, runs, lambda run: run.ask_ms)
    )


def _solved(
    parts: Mapping[str, Callable[[EngineRun], float]],
    runs: Sequence[EngineRun],
    used_ms: Callable[[EngineRun], float],
) -> dict[str, float]:
    return solve(
        list(parts),
        [Equation([count(run) for count in parts.values()], used_ms(run)) for run in runs],
    )


@dataclass(slots=True)
class _Answered:
    """An engine as a worker asks it, answered on this thread; `used_ms` is the answers' part."""

    engine: Engine
    used_ms: float = 0.0
    _asked: SharedBlock = field(default_factory=SharedBlock.make)

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        return told_records(self._asked, self._answer(ask_encode(self._asked, posts)))

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        return told_scores(self._answer(ask_score(self._asked, windows)))[0]

    def _answer(self, message: bytes) -> bytes:
        began_s = time.thread_time()
        answered = answer(self.engine, self._asked, message)
        self.used_ms += 1000 * (time.thread_time() - began_s)
        return answered


def run_engine(
    engine: Engine, posts: Sequence[Features], load: Load, states: int = _MOST
) -> EngineRun:
    """Score batches as a worker and its model's process do.

    Args:
        engine: with no states yet.
        posts: that are scored, over and over.
        load: how they converse, and how many there are in all and in a batch; before them come
            some that nobody looks at, since conversations begin short.
        states: that the engine keeps.
    """
    batch = load.batch_max
    asked = _Answered(engine)
    windows = Windows(load.window, engine.stamp, _MOST)
    scorer = Scorer(asked, windows, canary_features(engine.feature_set))
    stream = Conversations(load, _SEED)
    looks = SimulatedWindows(load.window, _MOST, states)
    warm = max(1, 200 // batch)
    run = EngineRun(batch)
    for number in range(warm + load.posts // batch):
        if number == warm:
            run = EngineRun(batch)
        places = [stream.next_post() for _ in range(batch)]
        keys = [ConversationKey(0, f"c{place.conversation}") for place in places]
        for key in windows.missing(keys):
            windows.load(key, [])
        features = [posts[(number * batch + at) % len(posts)] for at in range(batch)]
        _score_batch(scorer, asked, keys, features, run)
        looked = [looks.look(place.conversation) for place in places]
        run.context += sum(each.context for each in looked)
        run.rebuilt += sum(each.rebuilt for each in looked)
    return run


def _score_batch(
    scorer: Scorer,
    asked: _Answered,
    keys: Sequence[ConversationKey],
    features: Sequence[Features],
    run: EngineRun,
) -> None:
    """Score a batch as a worker does, records first, and add what it took to a run."""
    began_s, used_ms = time.thread_time(), asked.used_ms
    records = asked.encode(features)
    encode_ms = asked.used_ms - used_ms
    scorer.score([PostToScore(*each) for each in zip(keys, features, records, strict=True)])
    both_ms = asked.used_ms - used_ms
    run.batches += 1
    run.posts += len(keys)
    run.encode_ms += encode_ms
    run.score_ms += both_ms - encode_ms
    run.ask_ms += 1000 * (time.thread_time() - began_s) - both_ms
