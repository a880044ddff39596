"""Settings come from the environment, are checked, and stand on their page."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from stream_app.settings import Settings, settings_problem
from stream_app.settings_page import settings_page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page(), (
        "run `python -m stream_app.settings_page`"
    )


def test_a_value_out_of_range_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXPOP_BATCH_WAIT_MS", "500")
    with pytest.raises(ValidationError, match="batch_wait_ms"):
        Settings()


@pytest.mark.parametrize("servers", [{"redis": "localhost:6379"}, {"kafka": "localhost"}])
def test_an_address_that_is_none_is_refused(servers: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**servers)  # type: ignore[arg-type]
    assert settings_problem(refusal.value).startswith(f"VOXPOP_{next(iter(servers)).upper()}: ")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXPOP_MODEL", "")
    monkeypatch.setenv("VOXPOP_REDIS", "")
    assert Settings().model is None
    assert Settings().redis == "redis://localhost:6379/0"


@pytest.mark.parametrize("prefix", ["a b", "a{b}", "a:b", "é"])
def test_a_prefix_that_kafka_or_redis_would_refuse_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="topic_prefix"):
        Settings(topic_prefix=prefix)


def test_the_prefix_stands_before_topics_and_keys() -> None:
    settings = Settings(topic_prefix="eu-")
    assert settings.topic("posts") == "eu-posts"
    assert settings.namespace() == "eu-voxpop"


def test_a_password_is_not_shown() -> None:
    settings = Settings(
        redis="redis://u:hunter2@localhost:6379/0",
        kafka_security="SASL_SSL",
        kafka_sasl_username="u",
        kafka_sasl_password="hunter2",
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(settings.kafka_connection())
    assert "hunter2" not in repr(settings.redis_connection())


def test_media_are_fetched_only_where_that_is_asked_for() -> None:
    held, fetched = Settings().media_options(), Settings(media="fetch").media_options()
    assert Settings(media="off").media_options() is None
    assert held is not None
    assert held.fetch is None
    assert fetched is not None
    assert fetched.fetch is not None


def test_media_settings_reach_what_they_bound() -> None:
    settings = Settings(
        media="fetch",
        media_hosts="cdn.internal:8080",
        media_max_bytes=5000,
        media_timeout_s=3,
        media_decoders=4,
    )
    options = settings.media_options()
    assert options is not None
    assert options.fetch is not None
    assert (options.fetch.most_bytes, options.fetch.total_s) == (5000, 3)
    assert options.fetch.own.has("cdn.internal")
    assert (options.decode.processes, options.decode.longest_s) == (4, 3)


def test_hosts_of_media_that_are_none_name_their_variable() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(media_hosts="http://cdn.internal")
    assert settings_problem(refusal.value).startswith("VOXPOP_MEDIA_HOSTS: must be host")
