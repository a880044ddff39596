"""`python -m tests.chaos`: every run of the plan, or some, told in a line each and in a table."""

import asyncio
import logging
import secrets
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stream_app.trial.ending import end_on_sigterm
from tests.chaos import plan, report, small_disk
from tests.chaos.run import Outcome, Setup, run
from tests.chaos.trials import TrialOutcome, try_guard


def main(
    seed: Annotated[int | None, typer.Option(help="of all that is random; printed")] = None,
    only: Annotated[list[str] | None, typer.Option(help="a run or guard by name")] = None,
    guards: Annotated[bool, typer.Option(help="try each guard instead of the runs")] = False,
    json: Annotated[Path | None, typer.Option(help="write the results here too")] = None,
    page: Annotated[Path | None, typer.Option(help="put the table into this page")] = None,
    folder: Annotated[Path | None, typer.Option(help="for logs; kept")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="no overload longer than this, to try one")
    ] = None,
) -> None:
    """Strike running pipelines with faults, and judge what they counted."""
    end_on_sigterm()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # brokers are away on purpose
    chosen = secrets.randbelow(10**6) if seed is None else seed
    typer.echo(f"seed {chosen}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as own:
        place = folder or Path(own)
        if guards:
            names = [trial.guard for trial in plan.GUARDS]
            paper = Paper(json, page, report.GUARDS, names)
            good = asyncio.run(_try_guards(chosen, only, place, paper))
        else:
            paper = Paper(json, page, report.RUNS, [setup.name for setup in plan.LONG])
            setups = plan.LONG
            if seconds is not None:
                setups = tuple(plan.shortened(setup, seconds) for setup in setups)
            good = asyncio.run(_do_runs(setups, chosen, only, place, paper))
    sys.exit(0 if good else 1)


@dataclass(frozen=True, slots=True)
class Paper:
    """Where results are written, as they come.

    Args:
        json: file of all results.
        page: Markdown page with places for the tables.
        part: of both.
        names: of everything in the plan.
    """

    json: Path | None
    page: Path | None
    part: str
    names: Sequence[str]

    def write(self, documents: Sequence[report.Document]) -> None:
        """Put results in the place of earlier ones of the same names."""
        if self.json is not None:
            documents = report.write_json(self.json, self.part, documents, self.names)
        if self.page is None:
            return
        report.write_into_page(self.page, self.part, report.table(self.part, documents))
        if self.part == report.RUNS:
            overloads = report.table(report.OVERLOAD, report.overloads(documents))
            report.write_into_page(self.page, report.OVERLOAD, overloads)


async def _do_runs(
    setups: Sequence[Setup],
    seed: int,
    only: Sequence[str] | None,
    folder: Path,
    paper: Paper,
) -> bool:
    outcomes: list[Outcome] = []
    for number, setup in enumerate(setups):
        if only and setup.name not in only:
            continue
        if setup.small_disk and (why := small_disk.unavailable()):
            typer.echo(f"SKIPPED  {setup.name}: {why}")
            continue
        outcome = await run(setup, seed + number, folder / f"run-{number}")
        _tell(setup.name, outcome.verdict.holds, outcome.verdict.details)
        outcomes.append(outcome)
        paper.write([each.document() for each in outcomes])
    documents = [each.document() for each in outcomes]
    typer.echo(report.table(report.RUNS, documents))
    if overloads := report.overloads(documents):
        typer.echo(report.table(report.OVERLOAD, overloads))
    return all(outcome.verdict.holds for outcome in outcomes)


async def _try_guards(seed: int, only: Sequence[str] | None, folder: Path, paper: Paper) -> bool:
    trials: list[TrialOutcome] = []
    for number, trial in enumerate(plan.GUARDS):
        if only and trial.guard not in only:
            continue
        outcome = await try_guard(trial, seed + number, folder / f"guard-{number}")
        _tell(trial.guard, outcome.shows, outcome.kept.verdict.details)
        trials.append(outcome)
        paper.write([each.document() for each in trials])
    typer.echo(report.table(report.GUARDS, [each.document() for each in trials]))
    return all(trial.shows for trial in trials)


def _tell(name: str, good: bool, details: Iterable[str]) -> None:
    typer.echo(f"{'ok' if good else 'NOT OK'}  {name}")
    if not good:
        for line in details:
            typer.echo(f"    {line}")


if __name__ == "__main__":
    typer.run(main)
