"""`voxpop serve`: the HTTP API and the dashboard."""

from typing import Annotated

import typer

from stream_app.cli.examples import examples

LOCAL = ("127.0.0.1", "::1", "localhost")


EXAMPLES = examples("voxpop serve", "voxpop serve --host 0.0.0.0 --port 8080")


def serve(
    host: Annotated[str, typer.Option(help="Name or address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 takes any that is free.")
    ] = 8420,
) -> None:
    """Serve trends over HTTP, and the dashboard at /; until Ctrl-C."""
    import logging  # noqa: PLC0415 - keeps `--help` fast

    from connectors.http.server import ApiServer, CannotListenError  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.logs import stderr_handler  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    logging.basicConfig(handlers=[stderr_handler()])
    options = Settings().api_options()
    try:
        server = ApiServer(options, host, port)
    except CannotListenError as error:
        raise CliError(str(error)) from error
    if host not in LOCAL and not options.tokens:
        typer.echo("voxpop: whoever reaches this address may read: set VOXPOP_API_TOKENS", err=True)
    typer.echo(f"Voxpop is at {server.url}")
    server.run()
