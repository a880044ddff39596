"""The command `voxpop`: gathers the commands, and ends each with a clear line and exit code.

Not for what a command does: that is in the file of its name.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer

from stream_app.cli import (
    alerts,
    bench,
    capacity,
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
    from pydantic import ValidationError
    from redis.exceptions import RedisError

FAILED = 1
USAGE = 2
WRONG_VALUE = "pydantic_core._pydantic_core.ValidationError"
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
    help="Public opinion in social-media streams: posts in, exact trends out.\n\n"
    "Exit codes: 0 done, 1 it failed or what it compared differs, 2 wrong usage. The help of each "
    "command has examples.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command(epilog=demo.EXAMPLES)(demo.demo)
app.add_typer(stack.app, name="stack")
app.add_typer(topics.app, name="topics")
app.command(epilog=produce.EXAMPLES)(produce.produce)
app.add_typer(ingest.app, name="ingest")
app.add_typer(features.app, name="features")
app.command(epilog=trends.EXAMPLES)(trends.trends)
app.command(epilog=serve.EXAMPLES)(serve.serve)
app.command(epilog=verify.EXAMPLES)(verify.verify)
app.command(epilog=rebuild.EXAMPLES)(rebuild.rebuild)
app.command(epilog=forget.EXAMPLES)(forget.forget)
app.add_typer(tracks.app, name="tracks")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dlq.app, name="dlq")
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=capacity.EXAMPLES)(capacity.capacity)
app.command(epilog=replay.EXAMPLES)(replay.replay)
app.add_typer(prevalence.app, name="prevalence")
app.command(epilog=score.EXAMPLES)(score.score)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=train.EXAMPLES)(train.train)
app.command(epilog=teach.EXAMPLES)(teach.teach)
app.command(epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        from connectors.build import this_build  # noqa: PLC0415 - reads files, only for this option

        typer.echo(f"voxpop {this_build()}")
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
    except Exception as error:
        names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        if names[0] == WRONG_VALUE and cast("ValidationError", error).title == "Settings":
            from stream_app.settings import settings_problem  # noqa: PLC0415 - keeps `--help` fast

            _end(settings_problem(cast("ValidationError", error)), USAGE)
        line = _outside_line(error, names)
        if line is None:
            raise
        _end(line, FAILED)


def _outside_line(error: Exception, names: Sequence[str]) -> str | None:
    """What to say of a failure of Kafka or Redis; None when it is another.

    Args:
        error: what was raised.
        names: of its classes, told by name since to import them all would slow `--help` down.
    """
    for name in names:
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
