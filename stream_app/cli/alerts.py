"""`voxpop alerts`: watch all tracks for shifts, and list those that were found."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from connectors.alerts.policy import AlertPolicy
    from connectors.alerts.webhook import Webhook
    from connectors.schemas.alert import Alert
    from stream_app.settings import Settings

app = typer.Typer(
    help="Shifts of volume and opinion: watch for them, list them.", no_args_is_help=True
)


@app.command(
    epilog=examples(
        "voxpop alerts watch --false-alarms-a-day 0.5 --min-posts 50",
        "voxpop alerts watch --quick --cool-down 5m",
    )
)
def watch(
    false_alarms_a_day: Annotated[
        float,
        typer.Option(help="Alerts a day by chance, of all tracks together: the sensitivity."),
    ] = 1.0,
    min_posts: Annotated[
        int, typer.Option(help="Fewest posts of an opinion, or more or fewer of a volume.")
    ] = 30,
    min_ratio: Annotated[float, typer.Option(help="Smallest change of volume, a factor.")] = 1.5,
    min_points: Annotated[
        float, typer.Option(help="Smallest change of a share, percentage points.")
    ] = 8.0,
    cool_down: Annotated[
        str | None,
        typer.Option(help="Between two alerts of a kind on a track, as in 30m. Default: 1h."),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Steps of 10 s and a baseline of minutes, without a season."),
    ] = False,
) -> None:
    """Watch until stopped; of several that run, one is active and the others wait.

    Alerts go to the topic `alerts`, to Redis and to VOXPOP_ALERTS_WEBHOOK.
    """
    from connectors.alerts.policy import AlertPolicy, quick_policy  # noqa: PLC0415 - keeps `--help` fast
    from connectors.trends.timespan import parse_duration  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    try:
        asked: dict[str, Any] = {
            "false_alarms_a_day": false_alarms_a_day,
            "min_posts": min_posts,
            "min_ratio": min_ratio,
            "min_change": min_points / 100,
        }
        if cool_down is not None:
            asked["cool_down_s"] = parse_duration(cool_down)
        policy = (quick_policy if quick else AlertPolicy)(**asked)
        webhook = settings.alerts_webhook_target()
    except ValueError as error:
        raise CliError(str(error), exit_code=2) from error
    run_with_kafka(_watch(settings, policy, webhook))


@app.command(
    "list", epilog=examples("voxpop alerts list", "voxpop alerts list acme --limit 5 --json")
)
def list_(
    track: Annotated[str | None, typer.Argument(help="Only of this track.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Only the newest.")] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, an alert a line, as in the topic.")
    ] = False,
) -> None:
    """List alerts, the newest first."""
    import asyncio  # noqa: PLC0415 - keeps `--help` fast

    from stream_app.cli.alerts_view import print_alerts  # noqa: PLC0415

    found = asyncio.run(_found(track, limit))
    if as_json:
        for alert in found:
            typer.echo(alert.encoded)
    else:
        print_alerts(found)


async def _watch(settings: "Settings", policy: "AlertPolicy", webhook: "Webhook | None") -> None:
    import asyncio  # noqa: PLC0415 - keeps `--help` fast
    import logging  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from connectors.alerts.spans import TrendSpans  # noqa: PLC0415
    from connectors.alerts.topic import AlertTopic  # noqa: PLC0415
    from connectors.alerts.watch import AlertWatch, Watched  # noqa: PLC0415
    from connectors.kafka.topics import ALERTS  # noqa: PLC0415
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415
    from connectors.trends.reader import TrendReader  # noqa: PLC0415
    from stream_app.logs import stderr_handler  # noqa: PLC0415
    from stream_app.post_words import post_words  # noqa: PLC0415

    logging.basicConfig(handlers=[stderr_handler()])
    topic = AlertTopic(settings.kafka_connection(), settings.topic(ALERTS))
    async with settings.redis_connection().open() as client, topic:
        spans = TrendSpans(TrendReader(client, TrendLayout(settings.namespace())))
        words = post_words(settings, client)
        watched = Watched(client, settings.namespace(), topic, webhook, spans, words, _tell)
        own = AlertWatch(watched, policy)
        for ending in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(ending, own.stop)
        typer.echo("watching; Ctrl-C stops it", err=True)
        await own.run()


async def _found(track: str | None, limit: int) -> "list[Alert]":
    from connectors.alerts.layout import AlertLayout  # noqa: PLC0415 - keeps `--help` fast
    from connectors.alerts.store import AlertReader  # noqa: PLC0415
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415
    from connectors.trends.reader import TrendReader  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.trends import unknown_track  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with settings.redis_connection().open() as client:
        reader = AlertReader(client, AlertLayout(settings.namespace()))
        if track is None:
            return await reader.newest(limit)
        found = await reader.of_track(track, limit)
        if not found:
            known = await TrendReader(client, TrendLayout(settings.namespace())).tracks()
            if track not in known:
                raise CliError(unknown_track(track, known))
        return found


def _tell(alert: "Alert") -> None:
    over = "" if alert.state == "raised" else "over: "
    typer.echo(f"{over}{alert.summary}")
