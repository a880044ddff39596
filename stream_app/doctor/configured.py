"""Checks of what settings name: the file of tracks, the webhook of alerts, the data folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from connectors.alerts.webhook import WebhookSettingsError
from connectors.tracks.errors import TracksError
from connectors.tracks.file import load_rules
from stream_app.doctor.finding import Finding
from stream_app.settings import Settings

GIBIBYTE = 1024**3
DISK_NEEDED = GIBIBYTE
DISK_WANTED = 5 * GIBIBYTE
ELSEWHERE = "set VOXPOP_DATA_DIR to a folder that this user may write to"


def tracks(settings: Settings) -> Iterator[Finding]:
    """Whether the file of VOXPOP_TRACKS can be used, and how many tracks it has."""
    if settings.tracks is None:
        return
    try:
        rules = load_rules(settings.tracks)
    except TracksError as error:
        more = len(error.problems) - 1
        detail = str(error.problems[0]) + (f", and {more:,} more" if more else "")
        remedy = f"mend it; `voxpop tracks check {settings.tracks}` names every fault"
        yield Finding("tracks", "fail", detail, remedy)
        return
    yield Finding("tracks", "ok", f"{len(rules.tracks):,} in {settings.tracks}")


def webhook(settings: Settings) -> Iterator[Finding]:
    """Whether alerts can be sent where VOXPOP_ALERTS_WEBHOOK says; sends nothing."""
    try:
        target = settings.alerts_webhook_target()
    except WebhookSettingsError as error:
        remedy = (
            "set VOXPOP_ALERTS_WEBHOOK, VOXPOP_ALERTS_WEBHOOK_SECRET and, for an address of your "
            "own network, VOXPOP_ALERTS_WEBHOOK_PRIVATE"
        )
        yield Finding("webhook", "fail", str(error), remedy)
        return
    if target is not None:
        yield Finding("webhook", "ok", f"alerts go to {target.host}, signed")
    elif settings.alerts_webhook_secret is not None:
        detail = "VOXPOP_ALERTS_WEBHOOK_SECRET is set, and no address"
        yield Finding("webhook", "warn", detail, "set VOXPOP_ALERTS_WEBHOOK as well")


def data_folder(folder: Path) -> Finding:
    """Whether the data folder can be written to and has space; makes neither it nor a file."""
    try:
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        detail = f"{folder} cannot be written to: {error.strerror}"
        return Finding("disk", "fail", detail, ELSEWHERE)
    detail = f"{free / GIBIBYTE:.1f} GiB free for {folder}"
    if free < DISK_NEEDED:
        remedy = "free some, or set VOXPOP_DATA_DIR elsewhere"
        return Finding("disk", "fail", detail, remedy)
    if free < DISK_WANTED:
        remedy = "Kafka keeps posts for seven days: free some"
        return Finding("disk", "warn", detail, remedy)
    return Finding("disk", "ok", detail)
