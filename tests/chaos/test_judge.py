"""The judge finds each kind of damage, and nothing where there is none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest

from connectors.schemas.labels import SENTIMENTS
from connectors.schemas.rejection import Reason
from stream_app.core.shedding import Shedding as Decided
from tests.chaos.findings import Evidence, Letter, Shedding, Terms, Verdict
from tests.chaos.judge import WINDOW, judge
from tests.chaos.posts import Place, Post
from tests.chaos.telltale import labels

CREATED_AT = 1_764_000_003.5
STARTS = {
    "10s": 1_764_000_000,
    "1m": 1_764_000_000,
    "1h": 1_763_997_600 + 2400,
    "1d": 1_763_942_400,
}
RECORDS = {number: [f"record {number}".encode()] for number in range(50)}


def place(offset: int) -> Place:
    return Place("id", 0, offset)


def post(number: int, reason: Reason | None = None) -> Post:
    return Post(
        number=number,
        key=b"c",
        value=f"post {number}".encode(),
        conversation="c",
        pattern=number,
        created_at=CREATED_AT,
        tracks=("acme",) if reason is None else (),
        reason=reason,
    )


def window(offset: int) -> list[bytes]:
    return [RECORDS[number][0] for number in range(offset + 1)]


def other_than(offset: int) -> str:
    """A label that the post does not have."""
    right, _ = labels(window(offset))
    return next(name for name in SENTIMENTS if name != right)


def prediction(
    offset: int, scored_at: float = 1.0, label: str | None = None, tracks: Sequence[str] = ("acme",)
) -> bytes:
    sentiment, emotion = labels(window(offset))
    return orjson.dumps(
        {
            "conversation_id": "c",
            "tracks": list(tracks),
            "created_at": CREATED_AT,
            "sentiment": {"label": label or sentiment},
            "emotion": {"label": emotion},
            "previous_sentiment": labels(window(offset - 1))[0] if offset else None,
            "model_version": "m",
            "scored_at": scored_at,
        }
    )


def bucket(*offsets: int) -> dict[str, int]:
    """Fields of a bucket that counts the posts at these offsets, one of them as often as named."""
    fields: Counter[str] = Counter()
    for offset in offsets:
        sentiment, emotion = labels(window(offset))
        fields.update(["posts", f"sentiment:{sentiment}", f"emotion:{emotion}", "model:m"])
    return dict(fields)


DUE = {place(0): post(0), place(1): post(1), place(2): post(2, Reason.INVALID_JSON)}
GOOD = Evidence(
    buckets={("acme", width, start): bucket(0, 1) for width, start in STARTS.items()},
    predictions={place(0): [prediction(0)], place(1): [prediction(1)]},
    letters=[Letter(place(2), "invalid_json", b"c", b"post 2")],
    windows={("id", 0, "c"): [b"+record 0", b"+record 1"]},
    uncommitted={0: 0},
    stuck=[],
)


def judged(evidence: Evidence, terms: Terms | None = None) -> Verdict:
    return judge(DUE, evidence, RECORDS, terms or Terms())


def with_bucket(width: str, content: dict[str, int]) -> Evidence:
    return replace(GOOD, buckets={**GOOD.buckets, ("acme", width, STARTS[width]): content})


def test_where_nothing_is_wrong_it_finds_nothing() -> None:
    verdict = judged(GOOD)
    assert verdict.holds, verdict.details


def with_result_of_another_window() -> Evidence:
    """All agree on a result that the window of the post does not give."""
    wrong = prediction(1, label=other_than(1))
    counts = Counter(bucket(0)) + Counter(["posts", f"sentiment:{other_than(1)}", "model:m"])
    counts[f"emotion:{labels(window(1))[1]}"] += 1
    return replace(
        GOOD,
        buckets={name: dict(counts) for name in GOOD.buckets},
        predictions={**GOOD.predictions, place(1): [wrong]},
    )


DAMAGES: list[tuple[str, Evidence]] = [
    ("lost", with_bucket("1m", bucket(0))),
    ("double", with_bucket("1d", bucket(0, 1, 1))),
    ("double", replace(GOOD, buckets={**GOOD.buckets, ("globex", "10s", 0): bucket(0)})),
    ("changed", with_bucket("10s", bucket(0, 0) | {"posts": 2})),
    ("lost", replace(GOOD, predictions={place(0): [prediction(0)]})),
    (
        "changed",
        replace(
            GOOD, predictions={**GOOD.predictions, place(1): [prediction(1), prediction(1, 2.0)]}
        ),
    ),
    (
        "changed",
        replace(
            GOOD, predictions={**GOOD.predictions, place(1): [prediction(1, tracks=["globex"])]}
        ),
    ),
    ("double", replace(GOOD, predictions={**GOOD.predictions, place(2): [prediction(1)]})),
    ("lost", replace(GOOD, letters=[])),
    ("lost", replace(GOOD, letters=[*GOOD.letters, Letter(place(0), "poison", b"c", b"post 0")])),
    ("changed", replace(GOOD, letters=[Letter(place(2), "invalid_json", b"c", b"another")])),
    ("changed", replace(GOOD, letters=[Letter(place(2), "poison", b"c", b"post 2")])),
    ("bad_windows", replace(GOOD, windows={("id", 0, "c"): [b"+record 0"]})),
    ("bad_windows", replace(GOOD, windows={("id", 0, "c"): [b"+record 1", b"+record 0"]})),
    ("bad_windows", replace(GOOD, windows={**GOOD.windows, ("id", 0, "d"): [b"+record 0"]})),
    ("bad_windows", with_result_of_another_window()),
    ("stuck", replace(GOOD, uncommitted={0: 1})),
    ("stuck", replace(GOOD, stuck=["worker-1 hung"])),
]


@pytest.mark.parametrize(("damage", "evidence"), DAMAGES)
def test_each_kind_of_damage_is_found_for_what_it_is(damage: str, evidence: Evidence) -> None:
    verdict = judged(evidence)
    kinds = ("lost", "double", "changed", "bad_windows", "stuck")
    assert [kind for kind in kinds if getattr(verdict, kind)] == [damage], verdict.details


def test_a_loss_in_one_bucket_hides_no_excess_in_another() -> None:
    elsewhere = ("acme", "10s", STARTS["10s"] + 10)
    buckets = {**with_bucket("10s", bucket(0)).buckets, elsewhere: bucket(1)}
    verdict = judged(replace(GOOD, buckets=buckets))
    assert (verdict.lost, verdict.double) == (1, 1)


def test_results_scored_again_may_differ_in_their_moment_alone() -> None:
    terms = Terms(scored_again=True)
    for again, holds in ((prediction(1, 2.0), True), (prediction(1, 2.0, other_than(1)), False)):
        predictions = {**GOOD.predictions, place(1): [prediction(1), again]}
        assert judged(replace(GOOD, predictions=predictions), terms).holds is holds


def test_a_full_window_lets_its_oldest_three_quarters_go() -> None:
    due = {place(offset): post(offset) for offset in range(WINDOW + 1)}
    held = [b"+record %d" % number for number in range(24, WINDOW + 1)]
    evidence = replace(GOOD, windows={("id", 0, "c"): held}, predictions={})
    assert judge(due, evidence, RECORDS, Terms()).bad_windows == 0


def shedding(*, kept: bool) -> Terms:
    """One conversation in four is scored from offset 1 on, this one among them or not."""
    names = (f"topic-{number}" for number in range(99))
    topic = next(name for name in names if Decided(4, name).keeps(b"c") is kept)
    return Terms(shedding=Shedding(4, topic, {0: 1}))


def test_a_post_that_stands_for_others_counts_as_often() -> None:
    counts = dict.fromkeys(GOOD.buckets, bucket(0, 1, 1, 1, 1))
    verdict = judged(replace(GOOD, buckets=counts), shedding(kept=True))
    assert verdict.holds, verdict.details
    assert judged(GOOD, shedding(kept=True)).lost == 3


def test_what_must_be_shed_has_neither_a_prediction_nor_a_letter() -> None:
    nothing = Evidence(
        buckets=dict.fromkeys(GOOD.buckets, bucket(0)),
        predictions={place(0): [prediction(0)]},
        letters=[],
        windows={},
        uncommitted={0: 0},
        stuck=[],
    )
    verdict = judged(nothing, shedding(kept=False))
    assert verdict.holds, verdict.details
    shed = shedding(kept=False)
    window_with_a_hole = {("id", 0, "c"): [b"+record 0"]}
    assert judged(replace(nothing, windows=window_with_a_hole), shed).bad_windows == 1
    assert judged(replace(nothing, predictions=GOOD.predictions), shed).double == 1
    assert judged(replace(nothing, letters=GOOD.letters), shed).double == 1
