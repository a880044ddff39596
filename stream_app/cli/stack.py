"""`voxpop stack`: the local Kafka and Valkey, up and down."""

from typing import Annotated

import typer

from stream_app.cli.examples import examples

app = typer.Typer(
    help="A local Kafka and Valkey, for trying Voxpop on one machine.", no_args_is_help=True
)


@app.command(epilog=examples("voxpop stack up"))
def up() -> None:
    """Start Kafka and Valkey; what runs already stays.

    Prints two lines for the environment: `export $(voxpop stack up)`. The servers keep running
    until `voxpop stack down`.
    """
    from deploy.local import LocalStack, StackError  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    try:
        with drawn_progress() as progress:
            endpoints = LocalStack(Settings().data_dir).start(progress)
    except StackError as error:
        raise CliError(str(error)) from error
    typer.echo(f"VOXPOP_KAFKA={endpoints.kafka}")
    typer.echo(f"VOXPOP_REDIS={endpoints.redis}")


@app.command(epilog=examples("voxpop stack down"))
def down() -> None:
    """End the servers that `stack up` started; their data stays."""
    from deploy.local import LocalStack, StackError  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    try:
        ended = LocalStack(Settings().data_dir).stop()
    except StackError as error:
        raise CliError(str(error)) from error
    typer.echo(f"ended {' and '.join(ended)}" if ended else "nothing was running")


@app.command(epilog=examples("voxpop stack status", "voxpop stack status --json"))
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the servers; exit code 1 when one of them does not run."""
    import json  # noqa: PLC0415 - keeps `--help` fast

    from deploy.local import LocalStack  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    servers = LocalStack(Settings().data_dir).status()
    if as_json:
        rows = [
            {"name": s.name, "address": s.address, "pid": s.pid, "log": str(s.log)} for s in servers
        ]
        typer.echo(json.dumps(rows))
    else:
        for server in servers:
            state = f"runs, pid {server.pid}" if server.pid else "does not run"
            typer.echo(f"{server.name:<8}{state:<20}{server.address or ''}  {server.log}")
    if any(server.pid is None for server in servers):
        raise typer.Exit(1)
