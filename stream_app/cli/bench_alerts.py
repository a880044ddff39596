"""`voxpop bench alerts|rules`: how true alerts are, and how fast rules find tracks."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

ALERTS_EXAMPLES = examples("voxpop bench alerts --days 2 --plot alerts.png")


def alerts(
    days: Annotated[int, typer.Option(min=1, help="Simulated days of each seed.")] = 4,
    plot: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Also draw the result into this PNG.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Judge alerts on simulated streams with planted shifts, beside plain sigma rules."""
    from benchmarks.alerts import run as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.alerts.plot import draw  # noqa: PLC0415
    from benchmarks.alerts.tables import show  # noqa: PLC0415
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415

    require_place(json)
    require_place(plot)
    with drawn_progress() as progress:
        figures = benchmark.run(days, progress)
    show(figures, wide_console())
    if plot is not None:
        draw(figures, plot)
    if json is not None:
        write_json(json, figures)


RULES_EXAMPLES = examples("voxpop bench rules --rules 1000 --posts 1000")


def rules(
    rules: Annotated[int, typer.Option(min=1, help="Rules, a track each.")] = 10_000,
    posts: Annotated[int, typer.Option(min=20, help="Posts in a run.")] = 10_000,
    runs: Annotated[int, typer.Option(min=1, help="Runs; the median is given.")] = 3,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure how many posts a second find their tracks among many rules, on one core."""
    from benchmarks import rules as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415

    require_place(json)
    with drawn_progress() as progress:
        figures = benchmark.run(rules, posts, runs, progress)
    figures.show(wide_console())
    if json is not None:
        write_json(json, figures)
