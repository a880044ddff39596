"""Whatever stands in the environment: settings that can be used, or a line without secrets."""

import os
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.alerts.webhook import WebhookSettingsError
from connectors.kafka.errors import ConnectionSettingsError
from connectors.redis_connection import RedisSettingsError
from stream_app.faust_settings import faust_options
from stream_app.settings import Settings, settings_problem

TELLTALE = "telltale"
# the parts of which values are made, and those that are meant for another place in one
PARTS = (
    *("redis://", "rediss://", "kafka://", "localhost", "127.0.0.1", "[::1]", ":", "@", "/", ","),
    *("6379", "0", "-1", "1e9", "²", "[", "]", "?", "#", "%", "%zz", "..", " ", "\t", "{", "}"),
    *("?ssl_cert_reqs=none", "SASL_SSL", "SASL_PLAINTEXT", "SSL", "PLAIN", "auto", "x" * 20),
)
SECRETS = (
    f"u:{TELLTALE}@",
    f"redis://u:{TELLTALE}@localhost:6379/0",
    f"read:{TELLTALE}-of-a-token",
)
HOLD_SECRETS = {
    name.upper()
    for name, field in Settings.model_fields.items()
    if "SecretStr" in str(field.annotation) or name == "kafka"
}


def joined(*parts: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(parts), max_size=8).map("".join)


ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def values(name: str) -> st.SearchStrategy[str]:
    parts = (*PARTS, *SECRETS) if name in HOLD_SECRETS else PARTS
    return joined(*parts) | ANY_TEXT


NAMES = st.sampled_from([name.upper() for name in Settings.model_fields])
ENVIRONMENTS = st.lists(NAMES, max_size=5, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({f"VOXPOP_{name}": values(name) for name in names})
)


@given(ENVIRONMENTS)
def test_settings_are_usable_or_refused_without_a_secret(environment: dict[str, str]) -> None:
    said = ""
    with patch.dict(os.environ, environment):
        try:
            settings = Settings()
            said += repr(settings) + settings.model_dump_json()
            said += repr(settings.kafka_connection()) + repr(faust_options(settings))
            said += repr(settings.redis_connection())
            settings.redis_connection().open_sync().close()
            said += repr(settings.alerts_webhook_target())
        except ValidationError as error:
            said += settings_problem(error) + str(error)
        except (ConnectionSettingsError, RedisSettingsError, WebhookSettingsError) as error:
            said += str(error)
    assert TELLTALE not in said
