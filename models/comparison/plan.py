"""What a comparison is told: systems, data sets and seeds. Not for running it: `run`."""

import hashlib
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.card import read_card
from models.errors import TrainingConfigError
from models.training.config import TrainingConfig
from models.training.config_file import read_config
from models.training.featurise import encoder_checkpoint

_PATHS = ("path", "features")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ComparedData(_Table):
    """One data set: an entry of `[[data]]`.

    Attributes:
        name: title of its table.
        config: training configuration that every system is trained with here: a TOML file beside
            the comparison's, or a name of the package's.
        sources: names of that configuration's sources.
        changes: `KEY=VALUE` for this data set, as `voxpop train --set` takes them; in the file
            the key is `set`.
        systems: names of the systems compared here; without them, all.
    """

    name: str = Field(min_length=1)
    config: str
    sources: tuple[str, ...] = Field(min_length=1)
    changes: tuple[str, ...] = Field((), alias="set")
    systems: tuple[str, ...] | None = None


class ComparedSystem(_Table):
    """One system: an entry of `[[systems]]`.

    Attributes:
        name: row of the table.
        changes: `KEY=VALUE`, such as `model.system=lstm`; in the file the key is `set`. They win
            over those of the data set.
    """

    name: str = Field(min_length=1)
    changes: tuple[str, ...] = Field((), alias="set")


class ComparisonConfig(_Table):
    """A whole comparison.

    Attributes:
        seeds: every system is trained with each on each data set.
        changes: `KEY=VALUE` for every run, such as `schedule.epochs=8`; in the file, `set`.
    """

    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1)
    changes: tuple[str, ...] = Field((), alias="set")
    data: tuple[ComparedData, ...] = Field(min_length=1)
    systems: tuple[ComparedSystem, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> "ComparisonConfig":
        known = [own.name for own in self.systems]
        for what, names in (("data", [own.name for own in self.data]), ("systems", known)):
            if len(set(names)) < len(names):
                raise ValueError(f"two {what} have one name: {', '.join(names)}")
        for own in self.data:
            unknown = set(own.systems or ()) - set(known)
            if unknown:
                raise ValueError(f"{own.name}: unknown systems {sorted(unknown)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed is given twice")
        return self


class PlannedRun(_Table):
    """One training."""

    data: str
    system: str
    seed: int
    config: TrainingConfig

    @property
    def key(self) -> str:
        """A hash of names, configuration and data: not of where they lie, nor of the device."""
        tables = self.config.model_dump(mode="json", exclude={"device", "text_encoder"})
        if not self.config.model.go_on:
            del tables["model"]["go_on"]  # as before there was such a choice
        for source in tables["data"]["sources"]:
            for name in _PATHS:
                source[name] = None if source[name] is None else content_hash(Path(source[name]))
        folder = encoder_checkpoint(self.config)
        card = None if folder is None else read_card(folder).text_encoder
        tables["text_encoder"] = None if card is None else card.version
        told = repr((self.data, self.system, self.seed, tables))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def content_hash(path: Path) -> str:
    """A hash of a file's bytes, or of those of a folder's files; "" where nothing lies there."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            stat = file.stat()
            digest.update(_file_hash(file, stat.st_size, stat.st_mtime_ns))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _file_hash(path: Path, _size: int, _mtime_ns: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def read_comparison(
    path: Path, paths: Sequence[str], changes: Sequence[str] = ()
) -> tuple[list[PlannedRun], list[str]]:
    """Every run of a comparison, by data set, then seed, then system.

    So an interrupted comparison has all systems for its first seeds.

    Args:
        path: of the comparison's TOML file.
        paths: `NAME=PATH` and `NAME.features=PATH` of sources, as `voxpop train --data` takes
            them.
        changes: `KEY=VALUE` for every run; they win over those of the file.

    Returns:
        The runs, and the names of the data sets that are left out for want of a path.

    Raises:
        TrainingConfigError: the file or a training configuration is not what it must be, or a
            path is for no source.
    """
    config = _read(path)
    given = {own.partition("=")[0].partition(".")[0] for own in paths}
    known = {name for data in config.data for name in data.sources}
    if given - known:
        raise TrainingConfigError(
            f"--data: no source {', '.join(sorted(given - known))} in {path}; "
            f"known: {', '.join(sorted(known))}"
        )
    runs = [
        _planned(path.parent, data, system, paths, (*config.changes, *data.changes), changes, seed)
        for data in config.data
        if given >= set(data.sources)
        for seed in config.seeds
        for system in config.systems
        if data.systems is None or system.name in data.systems
    ]
    return runs, [data.name for data in config.data if not given >= set(data.sources)]


def _read(path: Path) -> ComparisonConfig:
    try:
        return ComparisonConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingConfigError(f"{path} cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = str(first["msg"]).removeprefix("Value error, ")
        raise TrainingConfigError(f"{path}: {f'{where}: ' if where else ''}{said}") from error


def _planned(
    folder: Path,
    data: ComparedData,
    system: ComparedSystem,
    paths: Sequence[str],
    before: Sequence[str],
    after: Sequence[str],
    seed: int,
) -> PlannedRun:
    own = [path for path in paths if path.partition("=")[0].partition(".")[0] in data.sources]
    beside = folder / data.config
    name = str(beside) if beside.is_file() else data.config
    try:
        told = read_config(name, own, (*before, *system.changes, *after, f"seed={seed}"))
    except TrainingConfigError as error:
        raise TrainingConfigError(f"{system.name} on {data.name}: {error}") from error
    return PlannedRun(data=data.name, system=system.name, seed=seed, config=told)
