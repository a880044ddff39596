"""Labelled data named on the command line: `--data NAME=PATH` and `--data NAME.features=PATH`.

Not for data of a training run: its configuration names those.
"""

from collections.abc import Sequence

from pydantic import ValidationError

from models.training.config import DataSource
from stream_app.cli.errors import CliError


def named_sources(given: Sequence[str]) -> list[DataSource]:
    """The data sets that options name, in the order in which they were first named.

    Args:
        given: `NAME=PATH`, NAME being a kind of source, and for its npz `NAME.features=PATH`; at
            least one.

    Raises:
        CliError: an option is of another form, names no kind, or a data set has no path.
    """
    tables: dict[str, dict[str, str]] = {}
    for option in given:
        key, equals, path = option.partition("=")
        name, _, field = key.partition(".")
        if not (name and equals and path) or field not in {"", "features"}:
            raise CliError(f"--data {option}: must be NAME=PATH or NAME.features=PATH", 2)
        tables.setdefault(name, {"kind": name})[field or "path"] = path
    return [_source(name, table) for name, table in tables.items()]


def named_source(given: Sequence[str]) -> DataSource:
    """The one data set that options name.

    Args:
        given: as for `named_sources`.

    Raises:
        CliError: as there, or they name several.
    """
    sources = named_sources(given)
    if len(sources) > 1:
        raise CliError("--data: name one data set", 2)
    return sources[0]


def _source(name: str, table: dict[str, str]) -> DataSource:
    if "path" not in table:
        raise CliError(f"--data {name}.features is there, but --data {name}=PATH is not", 2)
    try:
        return DataSource.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise CliError(f"--data {name}={table['path']}: {said}", 2) from error
