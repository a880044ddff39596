"""Tells a report as a Markdown page with plots. Not for the figures: those are `report`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from models.evaluation.judged import CLASSES
from models.evaluation.plots import draw
from models.evaluation.report import DataReport, EvaluationReport, TaskReport
from models.evaluation.slices import LEAST_POSTS_OF_A_PART, Part, PositionSlice

PAGE_FILE = "report.md"
FIGURES_FILE = "report.json"


def write_report(report: EvaluationReport, folder: Path) -> None:
    """Write `report.json`, `report.md` and a PNG for each plot; files of the same names go.

    Args:
        report: of at least one data set.
        folder: made if it is not there.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES_FILE).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    lines = list(_head(report))
    for own in report.data:
        lines.extend(_data(own, folder))
    (folder / PAGE_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _head(report: EvaluationReport) -> Iterator[str]:
    yield f"# {report.model_version}"
    yield ""
    yield f"The checkpoint `{report.checkpoint}`, judged {report.created}."
    yield ""
    yield "| data | split | task | posts | accuracy | weighted F1 | macro F1 | ECE |"
    yield "|---|---|---|---|---|---|---|---|"
    for data in report.data:
        for task, own in data.tasks.items():
            yield (
                f"| {data.name} | {data.split} | {task} | {own.posts:,} | "
                f"{own.measures['accuracy']:.4f} | {_with_interval(own, 'weighted_f1')} | "
                f"{_with_interval(own, 'macro_f1')} | {own.used.expected_calibration_error:.4f} |"
            )
    yield ""
    yield (
        "In brackets: 95 % interval by a bootstrap over conversations; it does not hold what "
        "another training seed would change. Macro averages are over the classes that occur. "
        "ECE: expected calibration error of the most probable class, 15 bins of equal width."
    )


def _with_interval(report: TaskReport, measure: str) -> str:
    low, high = report.intervals[measure]
    return f"{report.measures[measure]:.4f} ({low:.3f} to {high:.3f})"


def _data(data: DataReport, folder: Path) -> Iterator[str]:
    had = ", ".join(f"{name} {posts:,}" for name, posts in data.modalities.items() if posts)
    yield from ("", f"## {data.name}, {data.split}", "")
    yield (
        f"{data.posts:,} posts in {data.conversations:,} conversations; posts that have a "
        f"modality: {had}. Licence: {data.licence}."
    )
    for task, own in data.tasks.items():
        title = f"{data.name} {data.split}, {task}"
        stem = re.sub(r"[^a-z0-9]+", "-", f"{data.name} {data.split} {task}".lower())
        yield from _task(title, own, draw(own, title, CLASSES[task], folder, stem))


def _task(title: str, report: TaskReport, plots: Mapping[str, str]) -> Iterator[str]:
    sections = (
        ("classes", ("classes", "confusion"), (*_averages(report), "", *_classes(report))),
        ("probabilities", ("reliability",), _reliability(report)),
        ("by position in the conversation", ("positions",), _slices("position", report.positions)),
        ("with a modality removed", ("modalities",), _removals(report)),
    )
    for subject, pictures, lines in (*sections, *_parts(report)):
        yield from ("", f"### {title}: {subject}", "", *lines)
        for picture in pictures:
            if picture in plots:
                yield from ("", f"![{title}: {picture}]({plots[picture]})")


def _averages(report: TaskReport) -> Iterator[str]:
    yield "| | precision | recall | F1 | accuracy |"
    yield "|---|---|---|---|---|"
    rows = {"": report.measures}
    if report.majority is not None:
        rows[", always the most frequent class"] = report.majority
    for suffix, values in rows.items():
        for average in ("weighted", "macro"):
            shares = " | ".join(
                f"{values[f'{average}_{measure}']:.4f}" for measure in ("precision", "recall", "f1")
            )
            yield f"| {average}{suffix} | {shares} | {values['accuracy']:.4f} |"


def _classes(report: TaskReport) -> Iterator[str]:
    yield (
        "| class | precision | recall | F1 | posts | predicted | share of posts | "
        "mean probability |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for own in report.classes:
        yield (
            f"| {own.name} | {own.precision:.3f} | {own.recall:.3f} | {own.f1:.3f} | "
            f"{own.support:,} | {own.predicted:,} | {own.support / report.posts:.3f} | "
            f"{own.mean_probability:.3f} |"
        )


def _reliability(report: TaskReport) -> Iterator[str]:
    yield (
        "| calibration | temperature | noise | ECE | by chance | ECE of neutral | "
        "mean of classes | Brier | negative log likelihood |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, own in report.reliability.items():
        yield (
            f"| {name} | {own.calibration.temperature:.3f} | {own.calibration.noise:.3f} | "
            f"{own.expected_calibration_error:.4f} | {own.by_chance:.4f} | "
            f"{own.classwise['neutral']:.4f} | {own.classwise_mean:.4f} | {own.brier:.4f} | "
            f"{own.negative_log_likelihood:.4f} |"
        )
    yield ""
    yield (
        "By chance: the ECE that as many posts show where these probabilities are all true. "
        "Mean of classes: of the calibration errors of each class's own probability."
    )


def _parts(report: TaskReport) -> Iterator[tuple[str, tuple[()], Iterator[str]]]:
    for subject, parts in (("by group", report.groups), ("by author", report.authors)):
        if parts:
            yield subject, (), _by_name(parts)


def _by_name(parts: Sequence[Part]) -> Iterator[str]:
    yield f"Those with at least {LEAST_POSTS_OF_A_PART} labelled posts."
    yield ""
    yield from _slices("", parts)


def _slices(title: str, slices: Sequence[Part | PositionSlice]) -> Iterator[str]:
    yield f"| {title} | posts | accuracy | weighted F1 | macro F1 |"
    yield "|---|---|---|---|---|"
    for own in slices:
        yield (
            f"| {own.name} | {own.posts:,} | {own.measures['accuracy']:.4f} | "
            f"{own.measures['weighted_f1']:.4f} | {own.measures['macro_f1']:.4f} |"
        )


def _removals(report: TaskReport) -> Iterator[str]:
    if not report.removals:
        yield "No post has a modality beside another one."
        return
    yield "Only posts that have the modality and another one are judged."
    yield ""
    yield "| removed | posts | accuracy with it | without | weighted F1 with it | without |"
    yield "|---|---|---|---|---|---|"
    for own in report.removals:
        yield (
            f"| {own.modality} | {own.posts:,} | {own.kept['accuracy']:.4f} | "
            f"{own.removed['accuracy']:.4f} | {own.kept['weighted_f1']:.4f} | "
            f"{own.removed['weighted_f1']:.4f} |"
        )
