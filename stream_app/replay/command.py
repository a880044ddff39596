"""The replay as a command: its servers, its files; nothing stays behind but the report.

Not for what is played: that is `run`.
"""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson

from connectors.prevalence.errors import PrevalenceError
from connectors.prevalence.quantifier import Quantifier, read_quantifier
from connectors.schemas.labels import SENTIMENTS
from deploy.local.progress import Progress
from models.card import read_card, shipped_checkpoint
from stream_app.replay.comments import CommentFileError, first_videos, read_comments
from stream_app.replay.plot import Line, draw_shares
from stream_app.replay.report import Report, make_report
from stream_app.replay.run import ReplayOptions, ReplayStoppedError, replay
from stream_app.replay.wording import markdown
from stream_app.settings import Settings
from stream_app.trial.failures import told_in_a_line
from stream_app.trial.servers import trial_servers

PLOT: Final = "shares.png"


def run_replay(
    path: Path,
    splits: Sequence[str],
    limit: int | None,
    options: ReplayOptions,
    target: Path,
    prevalence: Path | None,
    progress: Progress,
) -> Report:
    """Replay a file from the first server to the last and write the report.

    Args:
        path: labelled comments, see `comments`.
        splits: values of `video_split` to take.
        limit: most comments, by whole videos; None takes all.
        options: how to replay them.
        target: folder for `report.json`, `report.md`, the plot and the workers' logs.
        prevalence: quantifier that corrects the shares, see `stream_app.prevalence`; None: none.
        progress: told of each step.

    Raises:
        CliError: the file is not usable, a server or worker does not start, or was lost.
    """
    with told_in_a_line(CommentFileError, PrevalenceError, ReplayStoppedError):
        quantifier = None if prevalence is None else _quantifier(prevalence)
        comments = first_videos(read_comments(path, splits), limit)
        target.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="voxpop-replay-") as name:
            folder = Path(name)
            try:
                with trial_servers(folder, "replay", progress) as settings:
                    replayed = asyncio.run(replay(settings, comments, options, folder, progress))
            finally:
                _keep_logs(folder, target)
    report = make_report(replayed, path.name, splits, options, quantifier)
    _write(report, target)
    return report


def _write(report: Report, target: Path) -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (target / "report.json").write_bytes(orjson.dumps(report.as_json(), option=options))
    (target / "report.md").write_text(markdown(report, PLOT), encoding="utf-8")
    lines = [Line("predicted share", report.tracks, report.shares)]
    if report.corrected is not None:
        tracks = [track.agreement for track in report.corrected.tracks]
        lines.append(Line("corrected share", tracks, report.corrected.shares))
    draw_shares(lines, target / PLOT)


def _quantifier(path: Path) -> Quantifier:
    """The quantifier of the workers' model; read before anything is started."""
    card = read_card(Settings().model or shipped_checkpoint())
    return read_quantifier(path, SENTIMENTS, card.version)


def _keep_logs(folder: Path, target: Path) -> None:
    """Leave the workers' logs where they can be read afterwards."""
    for log in folder.glob("worker-*/worker.log"):
        shutil.copyfile(log, target / f"{log.parent.name}.log")
