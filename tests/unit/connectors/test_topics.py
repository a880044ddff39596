"""The topics that a deployment has."""

from math import inf

from connectors.kafka.topics import voxpop_topics


def test_every_topic_has_the_prefix_and_the_partitions() -> None:
    specs = voxpop_topics("t-", partitions=3, replication=2)
    names = [spec.name for spec in specs]
    assert names == ["t-posts", "t-predictions", "t-posts.dlq", "t-posts.raw", "t-alerts"]
    assert {(spec.partitions, spec.replication) for spec in specs} == {(3, 2)}


def test_what_posts_takes_the_dead_letters_take_with_their_headers() -> None:
    for post_max_bytes in (1024, 1024 * 1024, 100 * 1024 * 1024):
        limits = {
            spec.name: int(spec.config.get("max.message.bytes", 0))
            for spec in voxpop_topics(post_max_bytes=post_max_bytes)
        }
        assert post_max_bytes < limits["posts"] < limits["posts.dlq"]


def test_three_copies_mean_that_two_confirm() -> None:
    assert "min.insync.replicas" not in voxpop_topics(replication=2)[0].config
    assert voxpop_topics(replication=3)[0].config["min.insync.replicas"] == "2"


def test_predictions_are_kept_for_two_weeks_unless_said_otherwise() -> None:
    def kept(**days: float | None) -> list[str | None]:
        specs = {spec.name: spec for spec in voxpop_topics(**days)}  # type: ignore[arg-type]
        return [specs[name].config.get("retention.ms") for name in ("predictions", "posts.dlq")]

    assert kept() == ["1209600000", "2592000000"]
    assert kept(predictions_retention_days=90, dead_letters_retention_days=2) == [
        "7776000000",
        "172800000",
    ]
    assert kept(predictions_retention_days=inf) == ["-1", "2592000000"]
    unsaid: dict[str, float | None] = {
        "predictions_retention_days": None,
        "dead_letters_retention_days": None,
    }
    assert kept(**unsaid) == [None, None]


def test_raw_posts_are_gone_before_kafka_forgets_which_of_them_were_read() -> None:
    offsets_forgotten_ms = 7 * 86_400_000
    raw = {spec.name: spec.config for spec in voxpop_topics()}["posts.raw"]
    assert int(raw["retention.ms"]) + int(raw["segment.ms"]) < offsets_forgotten_ms
    shorter = {spec.name: spec.config for spec in voxpop_topics(raw_posts_retention_days=0.5)}
    assert shorter["posts.raw"]["segment.ms"] == shorter["posts.raw"]["retention.ms"] == "43200000"
    unsaid = {spec.name: spec.config for spec in voxpop_topics(raw_posts_retention_days=None)}
    assert "retention.ms" not in unsaid["posts.raw"]
