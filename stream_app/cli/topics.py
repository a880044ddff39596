"""`voxpop topics`: makes the topics of a deployment."""

from math import inf, nan
from typing import Annotated, Final

import typer

from stream_app.cli.examples import examples

FOREVER: Final = "forever"
FEWEST_DAYS: Final = 0.01
MOST_DAYS: Final = 36_500.0


def retention_days(text: str) -> float:
    """Days of a retention as it is written; infinity for `forever`.

    Raises:
        typer.BadParameter: it is neither, or no time that Kafka can keep.
    """
    if text.strip().lower() == FOREVER:
        return inf
    try:
        days = float(text)
    except ValueError:
        days = nan
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise typer.BadParameter(
            f"{text!r}: write days from {FEWEST_DAYS} to {MOST_DAYS:.0f}, or {FOREVER}"
        )
    return days


app = typer.Typer(help="The Kafka topics of this deployment.", no_args_is_help=True)


@app.callback()
def topics() -> None:
    """Keeps `create` a command of its own where it is the only one."""


@app.command(
    epilog=examples("voxpop topics create", "voxpop topics create --partitions 32 --replication 3")
)
def create(
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1, help="Partitions of each topic, the most workers that share it; 8 by itself."
        ),
    ] = None,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
    predictions_retention_days: Annotated[
        float | None,
        typer.Option(
            parser=retention_days,
            metavar="DAYS",
            help="Days that `predictions` are kept, or `forever`, and that what Redis lost can be "
            "made again from; 14 by itself.",
        ),
    ] = None,
    dead_letters_retention_days: Annotated[
        float | None,
        typer.Option(
            parser=retention_days,
            metavar="DAYS",
            help="Days that dead letters are kept, or `forever`, texts of posts in them; 30 by "
            "itself.",
        ),
    ] = None,
    raw_posts_retention_days: Annotated[
        float | None,
        typer.Option(
            parser=retention_days,
            metavar="DAYS",
            help="Days that `posts.raw` is kept; 3 by itself. Keep it below 6: after 7 without "
            "a worker that extracts, Kafka forgets what of it was read.",
        ),
    ] = None,
) -> None:
    """Make the topics that are missing; one that is there is never changed.

    Exit code 1 where an existing topic has other settings than wanted: fewer partitions than
    `--partitions` asks for, or another retention than the one that is given.
    """
    from connectors.kafka.topics import (  # noqa: PLC0415 - keeps `--help` fast
        DEAD_LETTERS_RETENTION_DAYS,
        DEFAULT_PARTITIONS,
        PREDICTIONS_RETENTION_DAYS,
        RAW_POSTS_RETENTION_DAYS,
        TopicSpec,
        create_topics,
        topic_differences,
        voxpop_topics,
    )
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()

    def specs(
        count: int,
        predictions_days: float | None,
        dead_letters_days: float | None,
        raw_posts_days: float | None,
    ) -> list[TopicSpec]:
        return voxpop_topics(
            settings.topic_prefix,
            count,
            replication,
            settings.post_max_bytes,
            predictions_retention_days=predictions_days,
            dead_letters_retention_days=dead_letters_days,
            raw_posts_retention_days=raw_posts_days,
        )

    missing = specs(
        partitions or DEFAULT_PARTITIONS,
        predictions_retention_days or PREDICTIONS_RETENTION_DAYS,
        dead_letters_retention_days or DEAD_LETTERS_RETENTION_DAYS,
        raw_posts_retention_days or RAW_POSTS_RETENTION_DAYS,
    )
    asked_for = specs(
        partitions or 1,
        predictions_retention_days,
        dead_letters_retention_days,
        raw_posts_retention_days,
    )

    async def made_and_different() -> tuple[list[str], list[str]]:
        connection = settings.kafka_connection()
        made = await create_topics(connection, missing)
        return made, await topic_differences(connection, asked_for)

    created, differences = run_with_kafka(made_and_different())
    for spec in missing:
        typer.echo(f"{spec.name:<24}{'made' if spec.name in created else 'was there'}")
    for difference in differences:
        typer.secho(difference, fg=typer.colors.YELLOW, err=True)
    if differences:
        raise typer.Exit(1)
