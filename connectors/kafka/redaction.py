"""Keeps passwords out of aiokafka's log: at DEBUG it writes every request, those of a login too.

Not for this project's own logs, which never hold one.
"""

import logging
from typing import Any, Final

LOGGER: Final = "aiokafka.conn"
LOGIN: Final = "SaslAuthenticate"  # requests and answers are classes of that name and a version


class _HideLogins(logging.Filter):
    """Writes that there was a login in place of what it held."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_hidden, record.args))
        return True


def _hidden(argument: Any) -> Any:
    name = type(argument).__name__
    return f"{name}(…)" if name.startswith(LOGIN) else argument


_HIDE: Final = _HideLogins()


def hide_logins() -> None:
    """See to it that no login is written; asked again, it changes nothing."""
    logging.getLogger(LOGGER).addFilter(_HIDE)
