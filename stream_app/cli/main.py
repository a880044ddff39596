"""The command `voxpop`: gathers the commands, and ends each with a clear line and exit code.

Not for what a command does: that is in the file of its name.
"""

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer
from pydantic import ValidationError

from stream_app.cli import (
    alerts,
    bench,
    demo,
    dlq,
    doctor,
    evaluate,
    explain,
    features,
    forget,
    ingest,
    prevalence,
    produce,
    rebuild,
    replay,
    score,
    serve,
    stack,
    teach,
    topics,
    tracks,
    train,
    trends,
    verify,
)
from stream_app.cli.errors import CliError

if TYPE_CHECKING:
    from redis.exceptions import RedisError

FAILED = 1
USAGE = 2
# messages that hold the remedy already
SAYS_ITSELF = {
    "connectors.tracks.errors.TracksError",
    "connectors.kafka.errors.KafkaConnectorError",
    "connectors.prevalence.errors.PrevalenceError",
    "connectors.redis_connection.RedisSettingsError",
    "connectors.sources.errors.SourceError",
    "models.errors.ModelError",
}

app = typer.Typer(
    name="voxpop",
    help="Public opinion in social-media streams: posts in, exact trends out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.add_typer(stack.app, name="stack")
app.add_typer(topics.app, name="topics")
app.command()(produce.produce)
app.add_typer(ingest.app, name="ingest")
app.add_typer(features.app, name="features")
app.command()(trends.trends)
app.command()(serve.serve)
app.command()(verify.verify)
app.command()(rebuild.rebuild)
app.command()(forget.forget)
app.add_typer(tracks.app, name="tracks")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dlq.app, name="dlq")
app.command()(doctor.doctor)
app.command()(replay.replay)
app.add_typer(prevalence.app, name="prevalence")
app.command()(score.score)
app.command()(explain.explain)
app.command()(train.train)
app.command()(teach.teach)
app.command()(evaluate.evaluate)
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - reads files, only for this option

        typer.echo(f"voxpop {version('voxpop')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options that stand before a command."""
    del version


def main() -> None:
    """Run the command line; every failure that a user can mend is one line on standard error."""
    try:
        app()
    except CliError as error:
        _end(str(error), error.exit_code)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        from stream_app.settings import settings_problem  # noqa: PLC0415 - keeps `--help` fast

        _end(settings_problem(error), USAGE)
    except Exception as error:
        line = _outside_line(error)
        if line is None:
            raise
        _end(line, FAILED)


def _outside_line(error: Exception) -> str | None:
    """What to say of a failure of Kafka or Redis; None when it is another."""
    for kind in type(error).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name in SAYS_ITSELF:
            return str(error)
        if name == "aiokafka.errors.KafkaConnectionError":
            return f"Kafka cannot be reached: see VOXPOP_KAFKA ({error})"
        if name == "redis.exceptions.RedisError":
            from connectors.redis_problems import redis_problem  # noqa: PLC0415 - keeps `--help` fast

            return redis_problem(cast("RedisError", error))
    return None


def _end(message: str, exit_code: int) -> NoReturn:
    typer.secho(f"voxpop: {message}", fg=typer.colors.RED, err=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
