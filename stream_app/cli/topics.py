"""`voxpop topics`: makes the topics of a deployment."""

from typing import Annotated

import typer

from stream_app.cli.examples import examples

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
) -> None:
    """Make the topics that are missing; one that is there is never changed.

    Exit code 1 where an existing topic has other settings than wanted, or fewer partitions than
    `--partitions` asks for.
    """
    from connectors.kafka.topics import (  # noqa: PLC0415 - keeps `--help` fast
        DEFAULT_PARTITIONS,
        TopicSpec,
        create_topics,
        topic_differences,
        voxpop_topics,
    )
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()

    def specs(count: int) -> list[TopicSpec]:
        return voxpop_topics(settings.topic_prefix, count, replication, settings.post_max_bytes)

    async def made_and_different() -> tuple[list[str], list[str]]:
        connection = settings.kafka_connection()
        made = await create_topics(connection, specs(partitions or DEFAULT_PARTITIONS))
        return made, await topic_differences(connection, specs(partitions or 1))

    created, differences = run_with_kafka(made_and_different())
    for spec in specs(1):
        typer.echo(f"{spec.name:<24}{'made' if spec.name in created else 'was there'}")
    for difference in differences:
        typer.secho(difference, fg=typer.colors.YELLOW, err=True)
    if differences:
        raise typer.Exit(1)
