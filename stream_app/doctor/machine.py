"""Checks of this machine: Python, and whether the settings of its environment can be used."""

import platform
import sys

from pydantic import ValidationError

from connectors.kafka.errors import ConnectionSettingsError
from connectors.redis_connection import RedisSettingsError
from stream_app.doctor.finding import Finding
from stream_app.settings import Settings, settings_problem

SETTINGS_PAGE = "docs/settings.md lists what each may be"


def python() -> Finding:
    """The interpreter's version."""
    found = platform.python_version()
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Finding("python", "ok", f"{found} at {sys.executable}")
    return Finding("python", "fail", f"{found}; 3.11 to 3.13 are supported", "install Python 3.11")


def settings() -> tuple[Settings | None, Finding]:
    """The settings of the environment; None where one of them is wrong."""
    try:
        found = Settings()
        found.kafka_connection().client_options()
        found.redis_connection().open_sync().close()
        address = found.redis_connection().address
    except ValidationError as error:
        return None, Finding("settings", "fail", settings_problem(error), SETTINGS_PAGE)
    except (ConnectionSettingsError, RedisSettingsError) as error:
        return None, Finding("settings", "fail", str(error), SETTINGS_PAGE)
    detail = f"Kafka {found.kafka}, Redis {address}, prefix {found.topic_prefix!r}"
    return found, Finding("settings", "ok", detail)
