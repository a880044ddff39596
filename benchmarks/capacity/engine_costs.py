"""What a batch, a post, its context and a rebuilt state cost the model, on one thread.

By least squares over batches of several sizes with short and long conversations, with states kept
and without. Not for comparing engines: that is `benchmarks.engine`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from benchmarks.capacity.solving import Equation, solve
from benchmarks.posts import WirePost
from models.engine import load_engine
from stream_app.capacity.conversations import Conversations
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.windows import SimulatedWindows
from stream_app.core.scoring import PostToScore, Scorer, canary_features
from stream_app.core.windows import ConversationKey, Windows
from stream_app.settings import Settings

BATCHES: Final = (1, 8, 32, 64, 128)
SHORT: Final = Conversing(live=60, new_share=0.3)
LONG: Final = Conversing(live=60, new_share=0.06)
ALL_STATES: Final = 1024  # MiB
NO_STATES: Final = 0
COLUMNS: Final = (
    "model_single_ms",
    "model_batch_ms",
    "model_post_ms",
    "model_context_ms",
    "model_rebuilt_ms",
)
_SEED: Final = 3
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class EngineRun:
    """Posts scored in batches of one size.

    Attributes:
        context: posts looked at by kept states, all together.
        rebuilt: posts computed again, all together.
        used_ms: of the thread.
    """

    batch: int
    batches: int
    posts: int
    context: int
    rebuilt: int
    used_ms: float


def engine_costs(made: Sequence[WirePost], posts: int) -> tuple[dict[str, float], list[EngineRun]]:
    """The costs of the model by name, and the runs they come from.

    Args:
        made: posts to score.
        posts: in each run; an eighth where they come one by one or states are rebuilt.
    """
    runs = []
    for states_mib in (ALL_STATES, NO_STATES):
        batches = BATCHES if states_mib else (8, 64)
        for batch, conversing in product(batches, (SHORT, LONG)):
            slow = batch == 1 or not states_mib
            count = max(4 * batch, posts // 8 if slow else posts)
            runs.append(_run(made, Load("engine", conversing=conversing), batch, count, states_mib))
    return model_costs(runs), runs


def model_costs(runs: Sequence[EngineRun]) -> dict[str, float]:
    """The costs that explain runs; of a batch of one post it is another than of larger ones."""
    return solve(COLUMNS, [_equation(each) for each in runs])


def _equation(run: EngineRun) -> Equation:
    batches = (0, run.batches) if run.batch > 1 else (run.batches, 0)
    return Equation((*batches, run.posts, run.context, run.rebuilt), run.used_ms)


def _run(
    made: Sequence[WirePost], load: Load, batch: int, count: int, states_mib: int
) -> EngineRun:
    settings = Settings()
    engine = load_engine(
        settings.model, "cpu", 1, name="stream", window=load.window, states_mib=states_mib
    )
    windows = Windows(load.window, engine.stamp, _MOST)
    scorer = Scorer(engine, windows, canary_features(engine.feature_set))
    stream = Conversations(load, _SEED)
    looks = SimulatedWindows(load.window, _MOST, _MOST if states_mib else 0)
    used_ms, context, rebuilt, batches = 0.0, 0, 0, count // batch
    warm = max(1, 200 // batch)  # conversations begin short
    for number in range(warm + batches):
        places = [stream.next_post() for _ in range(batch)]
        keys = [ConversationKey(0, f"c{place.conversation}") for place in places]
        for key in windows.missing(keys):
            windows.load(key, [])
        looked = [looks.look(place.conversation) for place in places]
        features = [made[(number * batch + at) % len(made)].post.features for at in range(batch)]
        began = time.thread_time()
        scorer.score([PostToScore(*each) for each in zip(keys, features, strict=True)])
        if number >= warm:
            used_ms += 1000 * (time.thread_time() - began)
            context += sum(each.context for each in looked)
            rebuilt += sum(each.rebuilt for each in looked)
    return EngineRun(batch, batches, batches * batch, context, rebuilt, used_ms)
