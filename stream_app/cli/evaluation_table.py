"""Draws an evaluation as tables for the terminal. Not for the report: `models.evaluation.page`."""

from collections.abc import Iterator

from rich.table import Table

from models.evaluation.report import DataReport, EvaluationReport, TaskReport


def evaluation_tables(report: EvaluationReport) -> Iterator[Table]:
    """A table of all tasks and data sets, then one of the classes of each."""
    whole = Table(title=report.model_version, title_justify="left")
    whole.add_column("data and task")
    for name in ("posts", "accuracy", "weighted F1", "macro F1", "ECE", "neutral ECE"):
        whole.add_column(name, justify="right")
    for data in report.data:
        for task, own in data.tasks.items():
            whole.add_row(
                f"{data.name} {data.split}, {task}",
                f"{own.posts:,}",
                f"{own.measures['accuracy']:.4f}",
                f"{own.measures['weighted_f1']:.4f}",
                f"{own.measures['macro_f1']:.4f}",
                f"{own.used.expected_calibration_error:.4f}",
                f"{own.used.classwise['neutral']:.4f}",
            )
    yield whole
    for data in report.data:
        for task, own in data.tasks.items():
            yield _classes(data, task, own)


def _classes(data: DataReport, task: str, own: TaskReport) -> Table:
    table = Table(title=f"{data.name} {data.split}, {task}", title_justify="left")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "posts", "predicted", "ECE"):
        table.add_column(name, justify="right")
    for row in own.classes:
        table.add_row(
            row.name,
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            f"{row.support:,}",
            f"{row.predicted:,}",
            f"{own.used.classwise[row.name]:.3f}",
        )
    return table
