"""Faust is set up as the guarantee needs it, or the worker does not start."""

import faust
import pytest

from stream_app.exits import CannotGoOn, ExitCode
from stream_app.faust_settings import faust_options, refuse_what_cannot_be_guaranteed
from stream_app.settings import Settings


def app(**overrides: object) -> faust.App:
    return faust.App("test", **{**faust_options(Settings()), **overrides})


def test_the_options_satisfy_what_must_hold() -> None:
    refuse_what_cannot_be_guaranteed(app().conf, Settings())


def test_exactly_once_is_refused_with_the_reason() -> None:
    with pytest.raises(CannotGoOn, match="exactly_once is refused") as end:
        refuse_what_cannot_be_guaranteed(app(processing_guarantee="exactly_once").conf, Settings())
    assert end.value.code is ExitCode.NOT_READY


def test_exactly_once_from_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSING_GUARANTEE", "exactly_once")
    with pytest.raises(CannotGoOn, match="PROCESSING_GUARANTEE"):
        refuse_what_cannot_be_guaranteed(app().conf, Settings())


def test_a_setting_that_loses_posts_is_refused_by_name() -> None:
    with pytest.raises(CannotGoOn, match="stream_wait_empty"):
        refuse_what_cannot_be_guaranteed(app(stream_wait_empty=True).conf, Settings())


@pytest.mark.parametrize(
    ("variable", "value"), [("BROKER_SESSION_TIMEOUT", "3"), ("BROKER_URL", "kafka://other:1")]
)
def test_what_the_guards_count_on_cannot_be_changed_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CannotGoOn, match=f"unset {variable}"):
        refuse_what_cannot_be_guaranteed(app().conf, Settings())


def test_several_brokers_satisfy_what_must_hold() -> None:
    settings = Settings(kafka="a:1, b:2")
    conf = faust.App("test", **faust_options(settings)).conf
    refuse_what_cannot_be_guaranteed(conf, settings)


def test_every_session_timeout_that_may_be_set_is_one_that_faust_takes() -> None:
    options = faust_options(Settings(session_timeout_s=300))
    assert options["broker_session_timeout"] <= options["broker_request_timeout"]


def test_a_topic_that_grew_or_was_made_again_is_noticed_within_seconds() -> None:
    assert app().conf.consumer_metadata_max_age_ms <= 10_000


def test_several_brokers_are_all_used() -> None:
    options = faust_options(Settings(kafka="a:1,b:2"))
    assert options["broker"] == "kafka://a:1;kafka://b:2"


def test_credentials_follow_the_protocol() -> None:
    settings = Settings(
        kafka_security="SASL_PLAINTEXT", kafka_sasl_username="u", kafka_sasl_password="p"
    )
    credentials = faust_options(settings)["broker_credentials"]
    assert (credentials.username, credentials.password) == ("u", "p")
    assert credentials.mechanism.value == "SCRAM-SHA-512"
