"""Tables of a comparison: mean and deviation over seeds, as figures and as Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import mean, stdev
from typing import Final

from pydantic import BaseModel, ConfigDict

from models.comparison.run import RunRecord
from models.evaluation.judged import CLASSES

TITLES: Final = {
    "weighted_f1": "weighted F1",
    "macro_f1": "macro F1",
    "expected_calibration_error": "ECE",
}
_SHOWN: Final = {"test": tuple(TITLES), "dev": ("weighted_f1", "macro_f1")}
_HOW_TO_READ: Final = (
    "Mean ± sample deviation over the seeds, in points of a hundred. Epochs and all else were "
    "chosen on dev; test was scored once at the end of each run. Macro F1 is over the classes "
    "that occur. ECE: expected calibration error of the most probable class, 15 bins, after the "
    "calibration that was fitted on dev. `-`: not trained for the task, or no labels for it."
)
_FROZEN: Final = ConfigDict(frozen=True, extra="forbid")


class Spread(BaseModel):
    """One measure over seeds.

    Attributes:
        deviation: sample deviation, n - 1; None for a single seed.
    """

    model_config = _FROZEN

    mean: float
    deviation: float | None

    def __str__(self) -> str:
        """In points of a hundred, such as `62.51 ± 0.30`."""
        if self.deviation is None:
            return f"{100 * self.mean:.2f}"
        return f"{100 * self.mean:.2f} ± {100 * self.deviation:.2f}"


class ComparedRow(BaseModel):
    """One system on one data set.

    Attributes:
        seeds: those whose runs are finished.
        parameters: numbers that are learned.
        epochs: mean number of the epoch that dev chose.
        seconds: mean length of a run.
        measures: split -> task -> measure -> spread; split is dev, test, test_text_only, ….
    """

    model_config = _FROZEN

    system: str
    seeds: tuple[int, ...]
    parameters: int
    epochs: float
    seconds: float
    measures: dict[str, dict[str, dict[str, Spread]]]


class ComparedTable(BaseModel):
    """All systems on one data set.

    Attributes:
        caps: source -> most posts that were trained on; without a source, all.
        max_epochs: most that a run was allowed.
        rows: in the order of the runs.
    """

    model_config = _FROZEN

    data: str
    caps: dict[str, int]
    max_epochs: int
    rows: list[ComparedRow]


def make_tables(records: Sequence[RunRecord]) -> list[ComparedTable]:
    """A table for each data set, and for each source of runs on several at once.

    Args:
        records: finished runs; those of one system on one data set differ in their seed alone.
    """
    tables: list[ComparedTable] = []
    for data in dict.fromkeys(record.data for record in records):
        own = [record for record in records if record.data == data]
        names = (split.rpartition(".")[0] for record in own for split in record.metrics)
        tables.extend(
            _table(f"{data}: {source}" if source else data, own, source)
            for source in dict.fromkeys(names)
        )
    return tables


def markdown(tables: Sequence[ComparedTable]) -> str:
    """The tables for a reader: test and dev, all modalities."""
    lines = [_HOW_TO_READ]
    for table in tables:
        lines.extend(_markdown_table(table))
    return "\n".join(lines) + "\n"


def _table(title: str, records: Sequence[RunRecord], source: str) -> ComparedTable:
    caps: dict[str, int] = {}
    for record in records:
        caps |= record.max_posts
    return ComparedTable(
        data=title,
        caps=caps,
        max_epochs=max(record.max_epochs for record in records),
        rows=[
            _row(system, [record for record in records if record.system == system], source)
            for system in dict.fromkeys(record.system for record in records)
        ],
    )


def _row(system: str, records: Sequence[RunRecord], source: str) -> ComparedRow:
    first = records[0]
    return ComparedRow(
        system=system,
        seeds=tuple(record.seed for record in records),
        parameters=first.parameters,
        epochs=mean(record.best_epoch for record in records),
        seconds=mean(record.seconds for record in records),
        measures={
            split.rpartition(".")[2]: {
                task: {
                    measure: spread([record.metrics[split][task][measure] for record in records])
                    for measure in own
                }
                for task, own in tasks.items()
            }
            for split, tasks in first.metrics.items()
            if split.rpartition(".")[0] == source
        },
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean and sample deviation of at least one value."""
    deviation = stdev(values) if len(values) > 1 else None
    return Spread(mean=mean(values), deviation=deviation)


def _markdown_table(table: ComparedTable) -> Iterator[str]:
    caps = [f"{name} cut to {posts:,} training posts" for name, posts in table.caps.items()]
    told = "; ".join((f"At most {table.max_epochs} epochs", *caps))
    yield from ("", f"## {table.data}", "", f"{told}.", "")
    columns = [
        (split, task, measure)
        for split, measures in _SHOWN.items()
        for task in CLASSES
        for measure in measures
    ]
    titles = [f"{split}, {task}, {TITLES[measure]}" for split, task, measure in columns]
    head = ("system", *titles, "seeds", "parameters", "epoch", "seconds a run")
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in table.rows:
        rest = (len(row.seeds), f"{row.parameters:,}", f"{row.epochs:.1f}", f"{row.seconds:,.0f}")
        yield _line(row.system, (_cell(row.measures, *column) for column in columns), rest)
    guessed: dict[str, dict[str, dict[str, Spread]]] = {}
    for row in table.rows:
        for split in ("test", "dev"):
            guessed.setdefault(split, {}).update(row.measures.get(f"{split}_majority", {}))
    yield _line("most frequent class", (_cell(guessed, *column) for column in columns), ("",) * 4)


def _line(name: str, cells: Iterable[str], rest: Sequence[object]) -> str:
    return "| " + " | ".join((name, *cells, *map(str, rest))) + " |"


def _cell(
    measures: Mapping[str, Mapping[str, Mapping[str, Spread]]], split: str, task: str, measure: str
) -> str:
    found = measures.get(split, {}).get(task)
    return str(found[measure]) if found and measure in found else "-"
