"""Totals of many posts, whole or in parts, in bounded memory."""

from connectors.schemas.prediction import Prediction
from connectors.trends.counting import Sums, element, observe, summed
from connectors.trends.hyperloglog import Distinct
from connectors.trends.layout import Bucket
from connectors.trends.totals import Total, Totals
from tests.conftest import PredictionMaker

NOW = 1_764_000_000


def totals(posts: list[Prediction], alive_after: float = 0.0) -> Totals:
    made = Totals(alive_after)
    for post in posts:
        made.add(observe(post), set(post.tracks))
    return made


VALUES = {"platform": {"bluesky"}, "language": {"en", "pt"}}


def flat(total: Total) -> tuple[Sums, dict[str, bytes]]:
    return total.sums, total.registers(VALUES, within=True)


def posts(predict: PredictionMaker, count: int) -> list[Prediction]:
    return [
        predict(
            at,
            [["a"], ["b"], ["a", "b"]][at % 3],
            NOW - 97 * at,
            sentiment=at % 3,
            conversation=f"c{at % 7}",
            author_hash=f"{at % 11:016x}",
            platform=["bluesky", "mastodon"][at % 2],
            lang=["en", "pt-BR", "sv", None][at % 4],
        )
        for at in range(count)
    ]


def test_totals_are_the_sums_of_each_track(predict: PredictionMaker) -> None:
    counted = posts(predict, 5000)  # more than are summed at once
    made = totals(counted)
    assert sorted(made.tracks()) == ["a", "b"]
    for track in "ab":
        whole = summed([post for post in counted if track in post.tracks])
        found = made.of(track)
        assert found.keys() == whole.keys()
        for bucket, sums in whole.items():
            assert found[bucket].sums.counts == sums.counts


def test_merged_totals_are_those_of_all_posts(predict: PredictionMaker) -> None:
    counted = posts(predict, 300)
    whole, merged = totals(counted), totals(counted[:120])
    merged.merge(totals(counted[120:]))
    for track in "ab":
        assert {bucket: flat(own) for bucket, own in merged.of(track).items()} == {
            bucket: flat(own) for bucket, own in whole.of(track).items()
        }


def test_what_had_expired_is_left_out(predict: PredictionMaker) -> None:
    hours_old = predict(0, ["a"], NOW - 7 * 3600)
    made = totals([hours_old], alive_after=NOW)
    minute = Bucket("1m", NOW - 7 * 3600)
    assert {bucket.resolution for bucket in made.of("a")} == {"1m", "1h", "1d"}
    assert made.of("a")[minute].sums.splits == {}
    assert minute not in made.registers("a", VALUES)


def test_voices_of_what_is_not_told_apart_are_together_as_other(predict: PredictionMaker) -> None:
    counted = posts(predict, 300)
    (day,) = (own for own in totals(counted).of("a") if own.resolution == "1d")
    held = totals(counted).registers("a", VALUES)[day]
    wanted = Distinct()
    others = [p for p in counted if "a" in p.tracks and p.lang not in {"en", "pt-BR"}]
    wanted.update(element(post.conversation_id) for post in others)
    assert held["language:other conversations"] == wanted.registers()
    assert {name.rpartition(" ")[0] for name in held} == {
        "",
        *("platform:bluesky", "platform:other"),
        *("language:en", "language:pt", "language:other"),
    }
