"""`voxpop doctor`: whether all that Voxpop needs is there, and what to do where it is not.

Not for the checks themselves: those are in `stream_app.doctor`.
"""

from typing import Annotated

import typer

from stream_app.cli.examples import examples

COLORS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


EXAMPLES = examples("voxpop doctor", "voxpop doctor --json")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this machine, the settings, Kafka, Redis and the model; exit code 1 if one fails."""
    import json  # noqa: PLC0415 - keeps `--help` fast
    from dataclasses import asdict  # noqa: PLC0415

    from stream_app.doctor import findings  # noqa: PLC0415

    found = []
    for finding in findings():
        found.append(finding)
        if not as_json:
            typer.secho(f"{finding.state:<5}", fg=COLORS[finding.state], nl=False)
            typer.echo(f"{finding.what:<12}{finding.detail}")
            if finding.remedy:
                typer.echo(f"{'':<17}-> {finding.remedy}")
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    if any(finding.state == "fail" for finding in found):
        raise typer.Exit(1)
