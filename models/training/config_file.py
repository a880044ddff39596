"""Training configurations from TOML: a file, or a preset of the package, with keys changed.

Not for what the keys mean: that is `config`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from models.errors import TrainingConfigError
from models.training.config import ENCODER_NAMES, TrainingConfig

PRESETS_FOLDER: Final = Path(__file__).parent / "presets"

Tables = dict[str, Any]


def preset_names() -> list[str]:
    """Names of the configurations that the package carries."""
    return sorted(path.stem for path in PRESETS_FOLDER.glob("*.toml"))


def read_config(name: str, data: Sequence[str] = (), changes: Sequence[str] = ()) -> TrainingConfig:
    """A configuration with every path that it needs, all of them absolute.

    Args:
        name: a TOML file, whose relative paths are from its own folder; or a preset's name.
        data: `NAME=PATH` or `NAME.features=PATH`, where NAME is a source of the configuration.
        changes: `KEY=VALUE`, where KEY goes through tables, such as `optimiser.batch` or, with a
            source's name or number, `data.sources.meld.weight`; VALUE as in TOML, or a bare word.

    Raises:
        TrainingConfigError: no such file or preset, no TOML, an unknown key, a value out of its
            bounds, or a source without a path; the message names it.
    """
    tables, where = _read(name)
    for change in changes:
        key, value = _split(change, "--set", "KEY=VALUE")
        _put(tables, key, _value(value), f"--set {change}")
    for given in data:
        key, value = _split(given, "--data", "NAME=PATH")
        source, _, field = key.partition(".")
        path = str(Path(value).expanduser().absolute())
        _put(tables, f"data.sources.{source}.{field or 'path'}", path, f"--data {given}")
    _place_files(tables, Path.cwd())
    return check_config(tables, ", ".join([where, *(f"--set {change}" for change in changes)]))


def check_config(tables: Mapping[str, Any], where: str) -> TrainingConfig:
    """Tables as a configuration.

    Args:
        tables: as TOML or JSON gives them.
        where: they come from, for messages.

    Raises:
        TrainingConfigError: an unknown key, a value out of its bounds, or a source without a
            path; the message names it.
    """
    try:
        config = TrainingConfig.model_validate(tables)
    except ValidationError as error:
        raise TrainingConfigError(f"{where}: {_problem(error)}") from error
    for source in config.data.sources:
        if source.path is None:
            raise TrainingConfigError(
                f"{where}: the source {source.name} has no path; give --data {source.name}=PATH"
            )
        if source.kind == "mosi" and source.features is None:
            raise TrainingConfigError(
                f"{where}: the source {source.name} needs its features; "
                f"give --data {source.name}.features=PATH"
            )
    return config


def _read(name: str) -> tuple[Tables, str]:
    path = Path(name)
    if not path.is_file():
        if name not in preset_names():
            raise TrainingConfigError(
                f"no configuration {name}: neither a file nor one of {', '.join(preset_names())}"
            )
        path = PRESETS_FOLDER / f"{name}.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingConfigError(f"{path} cannot be read as TOML: {error}") from error
    for source in _sources(tables):
        for field in ("path", "features"):
            if isinstance(source.get(field), str):
                own = Path(source[field]).expanduser()
                source[field] = str((path.parent / own).absolute())
    _place_files(tables, path.parent)
    return tables, str(path)


def _place_files(tables: Tables, folder: Path) -> None:
    """Make paths of a text encoder and of teachers absolute, from the folder they were given in."""
    own = tables.get("text_encoder")
    if isinstance(own, str) and own and own not in ENCODER_NAMES:
        tables["text_encoder"] = str((folder / Path(own).expanduser()).absolute())
    tuning = tables.get("tuning")
    teachers = tuning.get("teachers") if isinstance(tuning, dict) else None
    if isinstance(tuning, dict) and isinstance(teachers, list):
        tuning["teachers"] = [
            str((folder / Path(name).expanduser()).absolute())
            if isinstance(name, str) and name.endswith(".npz")
            else name
            for name in teachers
        ]


def _sources(tables: Tables) -> list[Tables]:
    data = tables.get("data")
    sources = data.get("sources") if isinstance(data, dict) else None
    return [own for own in sources if isinstance(own, dict)] if isinstance(sources, list) else []


def _split(given: str, option: str, form: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not (key and equals and value):
        raise TrainingConfigError(f"{option} {given}: must be {form}")
    return key, value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(tables: Tables, key: str, value: Any, option: str) -> None:
    place: Any = tables
    *path, last = key.split(".")
    for depth, name in enumerate(path):
        if isinstance(place, list):
            place = _entry(place, name, option)
        else:
            place = place.setdefault(name, {})
        if not isinstance(place, dict | list):
            raise TrainingConfigError(f"{option}: {'.'.join(path[: depth + 1])} is no table")
    if not isinstance(place, dict):
        raise TrainingConfigError(f"{option}: name one of the sources and its key")
    place[last] = value


def _entry(listed: Sequence[Any], name: str, option: str) -> Tables:
    entries: list[Tables] = [entry for entry in listed if isinstance(entry, dict)]
    if len(entries) < len(listed):
        raise TrainingConfigError(f"{option}: data.sources must be tables, [[data.sources]]")
    names = [str(entry.get("name") or entry.get("kind")) for entry in entries]
    if name in names:
        return entries[names.index(name)]
    if name.isdecimal() and int(name) < len(entries):
        return entries[int(name)]
    raise TrainingConfigError(f"{option}: no source {name}; known: {', '.join(names)}")


def _problem(error: ValidationError) -> str:
    """The first problem in a line: which key, what is wrong, and what is known there."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        return f"unknown key {key}; known there: {', '.join(known)}"
    if first["type"] == "missing":
        return f"{key} is missing"
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{key}: {said}" if key else said
    return f"{key}: {said}, not {first['input']!r}"


def _known_keys(path: Sequence[str]) -> list[str]:
    table: Any = TrainingConfig
    for name in path:
        if not name.isdecimal():  # an entry of `sources` is of the type that they all have
            table = _model_of(table.model_fields[name].annotation)
    return list(table.model_fields)


def _model_of(annotation: Any) -> Any:
    """The table in an annotation: itself, the entries' of a tuple, or the one that may be None."""
    if get_origin(annotation) in (tuple, Union, UnionType):
        models = [_model_of(own) for own in get_args(annotation)]
        return next((own for own in models if own is not None), None)
    is_table = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_table else None
