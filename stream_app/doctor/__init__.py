"""Checks of all that Voxpop needs, each with its remedy; changes nothing and shows no secret."""

from collections.abc import Iterator

from stream_app.doctor import machine, servers
from stream_app.doctor.finding import Finding

__all__ = ["Finding", "findings"]


def findings() -> Iterator[Finding]:
    """Every check in turn, one after another as they are done."""
    yield machine.python()
    yield machine.packages()
    yield machine.java_runtime()
    yield machine.jars()
    yield machine.valkey()
    settings, finding = machine.settings()
    yield finding
    if settings is None:
        return
    yield machine.disk(settings.data_dir)
    yield from servers.kafka(settings)
    if settings.role == "extract":
        yield servers.text_encoder(settings)
        return
    yield from servers.redis_server(settings)
    yield servers.model(settings)
