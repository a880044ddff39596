"""A file of figures as JSON, for `--json`. Not for what the figures are."""

from pathlib import Path

import orjson

from stream_app.cli.errors import CliError


def require_place(path: Path | None) -> None:
    """See to it, before a long run, that its figures can be written after it.

    Raises:
        CliError: the folder is missing, or the path is one itself.
    """
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise CliError(f"{path} cannot be written: name a file in a folder that is there", 2)


def write_json(path: Path, figures: object) -> None:
    """Write figures, a dataclass or what JSON knows, indented."""
    path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
