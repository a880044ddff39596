"""A track's trend as CSV: a line a bucket, for spreadsheets. Pure."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.trends.counting import TURNS
from connectors.trends.series import TrendCounts, TrendSeries


def trend_csv(series: TrendSeries) -> bytes:
    """UTF-8 with a header line, lines ended as RFC 4180 has it.

    `negative_low_95` and the like are the ends of the share's 95 % interval.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["start", "start_unix", *(name for name, _ in _COLUMNS)])
    for bucket in series.buckets:
        moment = datetime.fromtimestamp(bucket.start, UTC).isoformat()
        writer.writerow([moment, bucket.start, *(cell(bucket) for _, cell in _COLUMNS)])
    return text.getvalue().encode()


Cell = Callable[[TrendCounts], float | None]


def _share(label: str, part: str) -> Cell:
    return lambda counts: getattr(counts.sentiment_shares[label], part)


def _of(attribute: str, name: str) -> Cell:
    return lambda counts: getattr(counts, attribute)[name]


_COLUMNS: Final[Sequence[tuple[str, Cell]]] = (
    ("posts", attrgetter("posts")),
    *((label, _of("sentiment", label)) for label in SENTIMENTS),
    *(
        (f"{label}_{name}", _share(label, part))
        for label in SENTIMENTS
        for name, part in (("share", "share"), ("low_95", "low"), ("high_95", "high"))
    ),
    *((f"emotion_{label}", _of("emotion", label)) for label in EMOTIONS),
    *((f"mean_{label}", _of("sentiment_means", label)) for label in SENTIMENTS),
    *((f"mean_emotion_{label}", _of("emotion_means", label)) for label in EMOTIONS),
    *((f"modality_{name}", _of("modalities", name)) for name in MODALITIES),
    *((f"after_{label}", _of("after", label)) for label in SENTIMENTS),
    *((f"turn_{label}", _of("turns", label)) for label in TURNS.values()),
    *((name, attrgetter(name)) for name in ("scored_posts", "effective_posts")),
)
