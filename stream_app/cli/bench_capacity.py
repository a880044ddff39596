"""`voxpop bench calibrate|capacity`: what a post costs here, and if the simulation is right."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

CALIBRATE_EXAMPLES = examples("voxpop bench calibrate --costs costs.toml")
CAPACITY_EXAMPLES = examples(
    "voxpop bench capacity --costs costs.toml --json capacity.json",
    "voxpop bench capacity --loads 2 --seconds 5 --posts 4000",
)

Posts = Annotated[int, typer.Option(min=2000, help="Posts of each backlog.")]
Seconds = Annotated[float, typer.Option(min=2, help="How long posts come at each steady rate.")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]


def calibrate(
    *,
    costs: Annotated[
        Path, typer.Option(dir_okay=False, help="Write the costs to this file, for `capacity`.")
    ],
    posts: Posts = 16_000,
    seconds: Seconds = 8.0,
    json: Json = None,
) -> None:
    """Measure what a post costs whom on this machine: event loop, model, Redis, Kafka."""
    from benchmarks.capacity import calibrate as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.steady import BenchmarkStoppedError  # noqa: PLC0415
    from stream_app.capacity.costs import write_costs  # noqa: PLC0415
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415
    from stream_app.trial.failures import told_in_a_line  # noqa: PLC0415

    require_place(costs)
    require_place(json)
    with told_in_a_line(BenchmarkStoppedError), drawn_progress() as progress:
        figures = benchmark.run(posts, seconds, progress)
    write_costs(costs, figures.file())
    if json is not None:
        write_json(json, figures)
    figures.show(wide_console())


def capacity(
    *,
    costs: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file of `calibrate`; else the shipped."),
    ] = None,
    posts: Posts = 16_000,
    seconds: Seconds = 10.0,
    loads: Annotated[
        int, typer.Option(min=1, max=8, help="How many of the eight loads, where time is short.")
    ] = 8,
    json: Json = None,
    page: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Fill the table of this page.")
    ] = None,
) -> None:
    """Measure a few loads and simulate the same: rate, cores and latency side by side."""
    from benchmarks.capacity import judge as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.capacity.page import fill_judgement  # noqa: PLC0415
    from benchmarks.steady import BenchmarkStoppedError  # noqa: PLC0415
    from stream_app.capacity.costs import CostsError, read_costs  # noqa: PLC0415
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415
    from stream_app.trial.failures import told_in_a_line  # noqa: PLC0415

    require_place(json)
    with told_in_a_line(BenchmarkStoppedError, CostsError), drawn_progress() as progress:
        file = read_costs() if costs is None else read_costs(costs)
        figures = benchmark.run(posts, seconds, file, progress, benchmark.LOADS[:loads])
    if json is not None:
        write_json(json, figures)
    if page is not None:
        fill_judgement(page, figures)
    figures.show(wide_console())
