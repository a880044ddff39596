"""The commands of `voxpop prevalence`: from a file of labelled comments to a file or a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson

from connectors.prevalence.errors import PrevalenceError
from connectors.prevalence.posts import LabelledPosts
from connectors.prevalence.quantifier import Quantifier, write_quantifier
from connectors.schemas.labels import SENTIMENTS
from deploy.local.progress import Progress
from models.text_encoder import load_text_encoder
from stream_app.core.halving import ModelBroken
from stream_app.prevalence.judging import Estimator
from stream_app.prevalence.plot import draw_estimates
from stream_app.prevalence.report import Data, Report, describe, fit_best, make_report
from stream_app.prevalence.scored import PoisonCommentError, labelled_posts, score_comments
from stream_app.prevalence.wording import markdown
from stream_app.replay.comments import CommentFileError, read_comments
from stream_app.settings import Settings
from stream_app.trial.failures import told_in_a_line

PLOT: Final = "shares.png"
QUANTIFIER: Final = "prevalence.json"
EXPECTED: Final = (CommentFileError, ModelBroken, PoisonCommentError, PrevalenceError, OSError)


class SplitsOverlapError(CommentFileError):
    """A quantifier must not be judged on the posts that it was fitted on."""


def run_fit(
    path: Path, split: str, out: Path, settings: Settings, progress: Progress
) -> Quantifier:
    """Fit a quantifier and write it.

    Args:
        path: labelled comments, see `stream_app.replay.comments`.
        split: value of `video_split`; one that the model neither trained nor is tested on.
        out: file to write.
        settings: which model, and how it runs.
        progress: told how many comments are scored.

    Raises:
        CliError: the file or the model is not usable, or there is too little data.
    """
    with told_in_a_line(*EXPECTED):
        version, (posts,) = _scored(path, (split,), settings, progress)
        data = describe(posts, path.name, split)
        quantifier = fit_best(posts, SENTIMENTS, version, data).quantifier
        write_quantifier(quantifier, out)
    return quantifier


def run_report(
    path: Path,
    split: str,
    judged_split: str | None,
    target: Path,
    settings: Settings,
    progress: Progress,
) -> Report:
    """Fit a quantifier, judge it and write report, plot and quantifier into a folder.

    Args:
        path: as `run_fit`.
        split: as `run_fit`.
        judged_split: held-out comments to judge it on; None: cross-fitting on `split` alone.
        target: folder for `report.json`, `report.md`, `shares.png` and `prevalence.json`.
        settings: which model, and how it runs.
        progress: told how many comments are scored.

    Raises:
        CliError: as `run_fit`, or both splits are the same.
    """
    with told_in_a_line(*EXPECTED):
        if judged_split == split:
            raise SplitsOverlapError(
                f"split {split} is fitted on and judged: a quantifier is judged on other posts"
            )
        wanted = (split,) if judged_split is None else (split, judged_split)
        version, scored = _scored(path, wanted, settings, progress)
        used: list[tuple[Data, LabelledPosts]] = [
            (describe(posts, path.name, name), posts)
            for name, posts in zip(wanted, scored, strict=True)
        ]
        data, posts = used[0]
        learned = fit_best(posts, SENTIMENTS, version, data)
        report, shown = make_report(learned, used[0], used[1] if len(used) > 1 else None)
        target.mkdir(parents=True, exist_ok=True)
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        (target / "report.json").write_bytes(orjson.dumps(report.as_json(), option=options))
        (target / "report.md").write_text(markdown(report, PLOT), encoding="utf-8")
        corrected = Estimator(learned.quantifier.known, "known")
        draw_estimates(shown, SENTIMENTS, corrected, target / PLOT)
        write_quantifier(learned.quantifier, target / QUANTIFIER)
    return report


def _scored(
    path: Path, splits: Sequence[str], settings: Settings, progress: Progress
) -> tuple[str, list[LabelledPosts]]:
    """The model's version and the labelled comments of each split."""
    parts = [read_comments(path, [split]) for split in splits]
    engine = settings.load_engine()
    encoder = load_text_encoder(settings.model)
    scored = [
        labelled_posts(
            comments, score_comments(engine, encoder, comments, settings.window, progress)
        )
        for comments in parts
    ]
    return engine.version, scored
