"""How good the network and the baselines are: trained side by side, over seeds, on public data.

`model_tables.toml` says which; not for speed, and not for one checkpoint: `voxpop evaluate`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from deploy.local.progress import Progress
from models.comparison.plan import PlannedRun, read_comparison
from models.comparison.run import RunRecord, run_comparison
from models.comparison.tables import ComparedTable, make_tables, markdown
from models.errors import TrainingConfigError
from models.training.featurise import configured_featuriser
from models.training.loop import StepReport
from models.training.state import EpochReport

CONFIG: Final = Path(__file__).parent / "model_tables.toml"
FIGURES_FILE: Final = "tables.json"
PAGE_FILE: Final = "tables.md"
_COLUMNS: Final = (
    ("sentiment", "weighted_f1"),
    ("sentiment", "macro_f1"),
    ("emotion", "weighted_f1"),
    ("emotion", "macro_f1"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and where.

    Attributes:
        left_out: data sets of the configuration that no path was given for.
    """

    machine: Machine
    tables: Sequence[ComparedTable]
    left_out: Sequence[str]

    def show(self, console: Console) -> None:
        """Print the measures on test."""
        for own in self.tables:
            table = Table(title=f"{own.data}, test", title_justify="left")
            table.add_column("system")
            for task, measure in _COLUMNS:
                table.add_column(f"{task} {measure.replace('_', ' ')}", justify="right")
            for row in own.rows:
                found = row.measures.get("test", {})
                cells = [
                    str(found[task][measure]) if task in found else "-"
                    for task, measure in _COLUMNS
                ]
                table.add_row(row.system, *cells)
            console.print(table)
        if self.left_out:
            console.print(f"left out, without a path: {', '.join(self.left_out)}", highlight=False)
        console.print(str(self.machine), highlight=False)

    def write(self, folder: Path) -> None:
        """Write the figures as JSON and as Markdown."""
        tables = [own.model_dump(mode="json") for own in self.tables]
        figures = {"machine": self.machine, "left_out": list(self.left_out), "tables": tables}
        written = orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n"
        (folder / FIGURES_FILE).write_bytes(written)
        page = f"# Systems side by side\n\n{markdown(self.tables)}\n{self.machine}\n"
        (folder / PAGE_FILE).write_text(page, encoding="utf-8")


class _Bars:
    """Passes on how a run goes."""

    def __init__(self, run: PlannedRun, progress: Progress) -> None:
        self._epochs = run.config.schedule.epochs
        self._progress = progress

    def stepped(self, report: StepReport) -> None:
        self._progress("Steps", report.done, report.total)

    def ended_epoch(self, report: EpochReport) -> None:
        self._progress("Epochs", report.epoch, self._epochs)


def run(
    config: Path,
    data: Sequence[str],
    changes: Sequence[str],
    folder: Path,
    cache: Path,
    progress: Progress,
    tell: Callable[[str], None],
) -> Figures:
    """Train what the folder does not hold yet, and write the tables of all.

    Args:
        config: TOML file of the comparison.
        data: `NAME=PATH` of sources; a data set without its sources is left out.
        changes: `KEY=VALUE` for every run.
        folder: of the finished runs and the tables.
        cache: folder of text features and trees.
        progress: told how far it is.
        tell: given a line for each run that ends.

    Raises:
        ModelError: a configuration or data are not what they must be.
    """
    runs, left_out = read_comparison(config, data, changes)
    if not runs:
        raise TrainingConfigError(
            f"nothing to train: give --data NAME=PATH for the sources of {', '.join(left_out)}"
        )
    machine = this_machine()
    figures = Figures(machine, (), left_out)
    records: list[RunRecord] = []
    progress("Runs", 0, len(runs))
    for record in run_comparison(
        runs,
        folder,
        lambda told: configured_featuriser(told, cache, progress),
        lambda planned: (_Bars(planned, progress),),
    ):
        records.append(record)
        figures = Figures(machine, make_tables(records), left_out)
        figures.write(folder)
        tell(_told(record))
        progress("Runs", len(records), len(runs))
    return figures


def _told(record: RunRecord) -> str:
    shares = ", ".join(
        f"{split} {task} {own['weighted_f1']:.4f}"
        for split, tasks in record.metrics.items()
        if split.rpartition(".")[2] in {"dev", "test"}
        for task, own in tasks.items()
    )
    return (
        f"{record.data}, {record.system}, seed {record.seed}: weighted F1 {shares}; "
        f"epoch {record.best_epoch} of {record.epochs}, {record.seconds:.0f} s"
    )
