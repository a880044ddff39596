"""`voxpop trends`: a track's counts in the terminal, or as the HTTP route answers them.

Not for drawing: the table is `trends_table`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from connectors.trends.series import TrendSeries


EXAMPLES = examples(
    "voxpop trends acme --window 1h",
    "voxpop trends acme --window 7d --compare previous",
    "voxpop trends acme --start 2026-01-01 --end 2026-01-02 --resolution 1h --json",
)


def trends(
    track: Annotated[str, typer.Argument(help="Name of the track.")],
    window: Annotated[
        str | None, typer.Option(help="The last while, as in 15m, 1h or 7d. Default: 1h.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Start of the range, Unix seconds or ISO 8601.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="End of the range, exclusive. Default: now.")
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(help="Width of the buckets: 10s, 1m, 1h or 1d. Default: suits the range."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Set it beside `previous`, the same length before, or START..END."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, as the HTTP route for trends answers.")
    ] = False,
) -> None:
    """Show how a track's sentiment and emotion went; all times are event times."""
    import time  # noqa: PLC0415 - keeps `--help` fast

    from connectors.trends.corrected import corrected_shares  # noqa: PLC0415
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415
    from connectors.trends.questions import buckets_between  # noqa: PLC0415
    from connectors.trends.reader import SyncTrendReader  # noqa: PLC0415
    from connectors.trends.timespan import parse_range  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.trends_table import print_series  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    try:
        now = time.time()
        asked = parse_range(window, start, end, resolution, now=now)
        if compare is not None and resolution is None:
            asked = asked.reaching(_earliest(compare), now)
        buckets_between(asked.start, asked.end, asked.resolution)
    except (ValueError, OverflowError) as error:
        raise CliError(str(error), exit_code=2) from error
    settings = Settings()
    with settings.redis_connection().open_sync() as client:
        reader = SyncTrendReader(client, TrendLayout(settings.namespace()))
        known = reader.tracks()
        if track not in known:
            raise CliError(unknown_track(track, known))
        try:
            series = reader.trends(track, asked.start, asked.end, asked.resolution)
            if compare is not None:
                baseline = _baseline(compare, series)
                before = reader.trends(track, *baseline, asked.resolution)
        except ValueError as error:
            raise CliError(str(error), exit_code=2) from error
        late_dropped = reader.late_dropped(track)
    if compare is not None:
        _print_comparison(series, before, as_json=as_json)
    elif as_json:
        typer.echo(series.model_dump_json())
    else:
        corrected = corrected_shares(track, series.total, settings.load_quantifier())
        print_series(series, late_dropped, corrected)


def _earliest(compare: str) -> float | None:
    """Where a baseline begins; None: as long before as the range is.

    Raises:
        ValueError: it begins with no moment.
    """
    from connectors.trends.timespan import parse_moment  # noqa: PLC0415 - keeps `--help` fast

    return None if compare == "previous" else parse_moment(compare.partition("..")[0])


def _baseline(compare: str, series: "TrendSeries") -> tuple[float, float]:
    """Start and end of what a series is set beside.

    Raises:
        ValueError: it is neither `previous` nor a range.
    """
    from connectors.trends.comparison import previous  # noqa: PLC0415 - keeps `--help` fast
    from connectors.trends.timespan import parse_moment  # noqa: PLC0415

    if compare == "previous":
        return previous(series)
    start, separator, end = compare.partition("..")
    if not separator:
        raise ValueError(f"{compare!r} is no baseline: write `previous`, or START..END")
    return parse_moment(start), parse_moment(end)


def _print_comparison(series: "TrendSeries", before: "TrendSeries", *, as_json: bool) -> None:
    from connectors.trends.comparison import compare  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.comparison_table import print_comparison  # noqa: PLC0415

    found = compare(series, before)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        print_comparison(found)


def unknown_track(track: str, known: list[str]) -> str:
    """What to say of a track that nobody counted, naming the closest that somebody did."""
    from difflib import get_close_matches  # noqa: PLC0415 - only when there is an error

    if not known:
        return f"no track {track!r}, nor any other: nothing was counted yet; see `voxpop produce`"
    folded = {name.casefold(): name for name in reversed(known)}
    close = get_close_matches(track.casefold(), folded, n=3, cutoff=0.5)
    names = [folded[name] for name in close] or known[:5]
    listed = ", ".join(map(repr, names))
    return f"no track {track!r}: {'did you mean' if close else 'there is, among others,'} {listed}?"
