"""Writes docs/settings.md from the settings themselves: `python -m stream_app.settings_page`."""

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from stream_app.settings import Settings

PAGE = Path("docs/settings.md")

INTRODUCTION = """# Settings

Environment variables, read once when a process starts; an empty one counts as unset.
`voxpop doctor` checks that they make sense and that the servers behind them answer.
`python -m stream_app.settings_page` writes this page.

| variable | default | what it is |
|---|---|---|
"""

CONCLUSION = """
A worker takes these settings and no others: Faust's own environment variables that would weaken the
guarantee (`PROCESSING_GUARANTEE`, `STREAM_WAIT_EMPTY`, …) make it refuse to start.

Workers of one deployment must agree on `VOXPOP_TOPIC_PREFIX`, `VOXPOP_GROUP`, `VOXPOP_MODEL` and
`VOXPOP_WINDOW`. Two deployments on the same servers need different prefixes.
"""


def settings_page() -> str:
    """The page as Markdown."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return INTRODUCTION + "\n".join(rows) + "\n" + CONCLUSION


def _row(name: str, field: FieldInfo) -> str:
    description = str(field.description)
    if get_origin(field.annotation) is not None and (choices := _choices(field.annotation)):
        description += f" ({', '.join(choices)})"
    return f"| `VOXPOP_{name.upper()}` | {_default(field)} | {description} |"


def _choices(annotation: Any) -> list[str]:
    return [f"`{choice}`" for choice in get_args(annotation) if isinstance(choice, str)]


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's data folder for `voxpop`"
    default = field.default
    if isinstance(default, SecretStr):  # one that everybody may know
        default = default.get_secret_value()
    return "" if default in {None, ""} else f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
