"""What one post adds, and that sums are exact in any order and grouping."""

from collections import Counter
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.labels import SENTIMENTS, Sentiment
from connectors.schemas.prediction import Prediction
from connectors.trends.counted import decode_counted
from connectors.trends.counting import (
    MEASURES,
    Sums,
    Tally,
    element,
    language_of,
    observe,
    summed,
)
from connectors.trends.layout import RESOLUTIONS, Bucket
from tests.conftest import PredictionMaker

HOUR = 1_764_000_000 // 3600 * 3600
MINUTE = Bucket("1m", HOUR)


def of_split(sums: Sums, dimension: str, value: str) -> dict[str, int]:
    """What is not 0 of a split, by measure."""
    figures = sums.splits[dimension, value]
    return {name: own for name, own in zip(MEASURES, figures, strict=True) if own}


def test_a_post_adds_one_to_its_labels_and_its_probabilities_in_millionths(
    predict: PredictionMaker,
) -> None:
    sums = summed([predict(0, ["a"], HOUR + 3.5, sentiment=0, emotion=5)])[MINUTE]
    assert sums.counts == {
        "posts": 1,
        "sentiment:negative": 1,
        "emotion:angry": 1,
        "ps:negative": 910_000,
        "ps:neutral": 45_000,
        "ps:positive": 45_000,
        **{f"pe:{name}": 15_000 for name in ("happy", "disgust", "sad", "fear", "surprise")},
        "pe:angry": 910_000,
        "pe:neutral": 15_000,
        "pm:text": 700_000,
        "pm:audio": 300_000,
        "model:m-1": 1,
    }


def test_a_batch_is_summed_into_every_resolution(predict: PredictionMaker) -> None:
    posts = [
        predict(0, ["a"], HOUR + 3.5, sentiment=0, emotion=5),
        predict(1, ["a"], HOUR + 9.9, sentiment=2, emotion=0),
        predict(2, ["a"], HOUR + 10, sentiment=2, emotion=0, model_version="m-2"),
    ]
    totals = summed(posts)
    labels = {
        bucket: {
            name: count
            for name, count in sums.counts.items()
            if name == "posts" or name.startswith(("sentiment:", "emotion:", "model:"))
        }
        for bucket, sums in totals.items()
    }
    first_two = {
        "posts": 2,
        "sentiment:negative": 1,
        "sentiment:positive": 1,
        "emotion:angry": 1,
        "emotion:happy": 1,
        "model:m-1": 2,
    }
    assert labels[Bucket("10s", HOUR)] == first_two
    assert labels[Bucket("10s", HOUR + 10)]["posts"] == 1
    assert labels[MINUTE] == Counter(first_two) + Counter(
        {"posts": 1, "sentiment:positive": 1, "emotion:happy": 1, "model:m-2": 1}
    )
    assert sum(counts["posts"] for counts in labels.values()) == 3 * len(RESOLUTIONS)


@pytest.mark.parametrize(
    ("previous", "label", "turn"),
    [
        ("positive", 0, {"turn:negative": 1}),
        ("negative", 2, {"turn:positive": 1}),
        ("negative", 0, {}),
        ("neutral", 2, {}),
        ("positive", 1, {}),
    ],
)
def test_a_conversation_turns_where_a_post_answers_its_opposite(
    predict: PredictionMaker, previous: Sentiment, label: int, turn: dict[str, int]
) -> None:
    post = replace(predict(0, ["a"], HOUR, sentiment=label), previous_sentiment=previous)
    counts = summed([post])[MINUTE].counts
    raised = {name: n for name, n in counts.items() if name.startswith(("after:", "turn:"))}
    assert raised == {f"after:{previous}": 1, **turn}


def test_the_first_post_of_a_conversation_follows_nothing(predict: PredictionMaker) -> None:
    counts = summed([predict(0, ["a"], HOUR)])[MINUTE].counts
    assert not [name for name in counts if name.startswith(("after:", "turn:"))]


def test_within_a_platform_and_a_language_the_same_is_counted(predict: PredictionMaker) -> None:
    posts = [
        predict(0, ["a"], HOUR, platform="bluesky", lang="pt-BR", sentiment=0),
        predict(1, ["a"], HOUR, platform="bluesky", lang="pt", sentiment=2),
        predict(2, ["a"], HOUR, platform="reddit", lang=None, sentiment=2),
    ]
    sums = summed(posts)[MINUTE]
    assert set(sums.splits) == {
        ("platform", "bluesky"),
        ("platform", "reddit"),
        ("language", "pt"),
        ("language", "und"),
    }
    alone = dict(summed(posts[2:])[MINUTE].counts)
    del alone["model:m-1"]
    assert of_split(sums, "platform", "reddit") == alone
    assert of_split(sums, "language", "pt")["posts"] == 2
    fields = sums.fields({"platform": ["bluesky"], "language": ["pt", "und"]})
    assert fields["platform:bluesky posts"] == 2
    assert fields["platform:other posts"] == 1
    assert "platform:reddit posts" not in fields


def test_conversations_and_known_authors_are_told_apart(predict: PredictionMaker) -> None:
    posts = [
        predict(at, ["a"], HOUR, conversation=f"c{at % 2}", author_hash=author)
        for at, author in enumerate(["0" * 16, "1" * 16, "0" * 16, None])
    ]
    sums = summed(posts)[MINUTE]
    assert sums.voices.conversations == {element("c0"), element("c1")}
    assert sums.voices.authors == {"0" * 16, "1" * 16}


@pytest.mark.parametrize(
    ("lang", "language"),
    [("en", "en"), ("pt-BR", "pt"), ("ZH-Hant", "zh"), ("", "und"), (None, "und")],
)
def test_a_language_is_its_primary_subtag(lang: str | None, language: str) -> None:
    assert language_of(lang) == language


def test_a_prediction_and_its_json_are_counted_alike(predict: PredictionMaker) -> None:
    post = predict(0, ["a"], HOUR + 0.25, previous="negative", author_hash="0" * 16, stands_for=8)
    assert observe(decode_counted(post.encoded)) == observe(post)


def test_a_label_that_there_is_not_is_refused(predict: PredictionMaker) -> None:
    document = orjson.loads(predict(0, ["a"], HOUR).encoded)
    document["sentiment"]["label"] = "furious"
    with pytest.raises(KeyError):
        observe(decode_counted(orjson.dumps(document)))


@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([1, 2, 8])), min_size=1, max_size=20
    )
)
def test_a_post_counts_as_often_as_it_stands_for_others_and_says_so(
    drawn: list[tuple[int, int]], predict: PredictionMaker
) -> None:
    def posts(times: bool) -> list[Prediction]:
        return [
            predict(0, ["a"], HOUR, sentiment=label, stands_for=1 if times else weight)
            for label, weight in drawn
            for _ in range(weight if times else 1)
        ]

    weighed, repeated = summed(posts(times=False))[MINUTE], summed(posts(times=True))[MINUTE]
    expected = dict(repeated.counts)
    weights = [weight for _, weight in drawn]
    if shed := sum(weights) - len(weights):
        expected["shed"] = shed
        expected["shed:squares"] = sum(weight**2 for weight in weights) - sum(weights)
    assert weighed.counts == expected
    own = of_split(weighed, "platform", "bluesky")
    assert own == {name: n for name, n in expected.items() if not name.startswith("model:")}


@st.composite
def posts_of(draw: st.DrawFn) -> list[tuple[float, int, float, Sentiment | None]]:
    """Event times, labels, a probability and the previous label of a few posts."""
    one = st.tuples(
        st.floats(HOUR, HOUR + 200),
        st.integers(0, 2),
        st.integers(0, 10**6).map(lambda millionths: millionths / 1e6),
        st.sampled_from([*SENTIMENTS, None]),
    )
    return draw(st.lists(one, min_size=1, max_size=40))


@given(drawn=posts_of(), cut=st.integers(1, 39))
def test_sums_are_exact_however_the_posts_are_cut(
    drawn: list[tuple[float, int, float, Sentiment | None]], cut: int, predict: PredictionMaker
) -> None:
    posts: list[Prediction] = []
    for at, (moment, label, share, previous) in enumerate(drawn):
        post = predict(at, ["a"], moment, sentiment=label, platform=f"p{at % 3}")
        modalities = replace(post.modalities, text=share)
        posts.append(replace(post, modalities=modalities, previous_sentiment=previous))
    whole = summed(posts)
    parts: dict[Bucket, Sums] = {}
    for first in range(0, len(posts), cut):
        for bucket, sums in summed(posts[first : first + cut]).items():
            parts.setdefault(bucket, Sums()).add(sums, with_splits=True)
    assert {b: (s.counts, s.splits) for b, s in parts.items()} == {
        b: (s.counts, s.splits) for b, s in whole.items()
    }
    millionths = sum(round(share * 1e6) for _, _, share, _ in drawn)
    day = whole[Bucket("1d", HOUR // 86_400 * 86_400)]
    assert day.counts.get("pm:text", 0) == millionths


def test_every_bucket_of_a_choice_of_posts_comes_once(predict: PredictionMaker) -> None:
    tally = Tally([observe(predict(at, ["a"], HOUR + 25 * at)) for at in range(9)])
    grouped = tally.by_bucket([0, 3, 4])
    buckets = [bucket for buckets, _ in grouped for bucket in buckets]
    assert len(buckets) == len(set(buckets))
    posts = {bucket: sums.counts["posts"] for own, sums in grouped for bucket in own}
    assert posts[Bucket("1h", HOUR)] == 3
    assert posts[Bucket("1m", HOUR + 60)] == 2
