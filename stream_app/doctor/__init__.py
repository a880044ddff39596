"""Checks of all that Voxpop needs, each with its remedy; changes nothing and shows no secret."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError

from stream_app.doctor import configured, local_stack, machine, packages, servers
from stream_app.doctor.finding import Finding

__all__ = ["Finding", "findings"]


def findings() -> Iterator[Finding]:
    """Every check in turn, one after another as they are done."""
    try:
        installed = packages.installed_packages()
    except PackageNotFoundError:
        installed = None
    left_out = installed.left_out if installed else ()
    yield machine.python()
    yield packages.packages(installed)
    if packages.LOCAL_STACK not in left_out:
        yield from local_stack.local_stack()
    settings, finding = machine.settings()
    yield finding
    if settings is None:
        return
    yield configured.data_folder(settings.data_dir)
    yield from configured.tracks(settings)
    yield from configured.webhook(settings)
    yield from servers.kafka(settings)
    if settings.role == "extract":
        yield servers.text_encoder(settings)
        return
    yield from servers.redis_server(settings)
    if packages.MODEL not in left_out:
        yield servers.model(settings)
