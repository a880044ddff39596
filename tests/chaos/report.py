"""The tables of runs and of guards, as text and as JSON; a part run again replaces its own rows.

Not for what a run found: that is `judge`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

RUNS: Final = "runs"
GUARDS: Final = "guards"
OVERLOAD: Final = "overload"  # a second table of those runs that had one
HEADS: Final = {
    RUNS: (
        "faults",
        "posts",
        "lost",
        "double",
        "changed",
        "stuck",
        "bad windows",
        "recovered after, s",
        "slowest stop, s",
        "workers ended with",
    ),
    OVERLOAD: (
        "overload",
        "capacity, posts/s",
        "came, posts/s",
        "most posts that waited",
        "memory of the worker, settled and most, MiB",
        "age of the newest post that was done, median and most, s",
        "kept up again after, s",
    ),
    GUARDS: ("guard", "faults", "with it", "without it"),
}

Document = Mapping[str, Any]  # what `Outcome.document` and `TrialOutcome.document` give


def table(part: str, documents: Sequence[Document]) -> str:
    """A Markdown table, a row a document of the part."""
    row = ROWS[part]
    heads = HEADS[part]
    lines = [heads, ["---"] * len(heads), *(row(document) for document in documents)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def write_json(
    file: Path, part: str, documents: Sequence[Document], order: Sequence[str]
) -> list[Document]:
    """Put documents in the place of those of the same name; others of the part stay.

    Args:
        file: made when it is missing.
        part: `RUNS` or `GUARDS`.
        documents: new ones.
        order: every name there is; others are dropped.

    Returns:
        All documents of the part, in that order.
    """
    content = json.loads(file.read_text()) if file.exists() else {}
    by_name = {each["name"]: each for each in (*content.get(part, ()), *documents)}
    content[part] = [by_name[name] for name in order if name in by_name]
    file.write_text(json.dumps(content, indent=1) + "\n")
    return list(content[part])


def write_into_page(page: Path, part: str, text: str) -> None:
    """Put a table between the marks of its part.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->\n"
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page} has no place marked {begin.strip()} … {end.strip()}")
    page.write_text(f"{before}{begin}{text}{end}{after}")


def _run_row(run: Document) -> list[str]:
    verdict, recoveries = run["verdict"], run["recoveries_s"]
    return [
        _counted(run["faults"]),
        f"{run['posts']:,}",
        *(str(verdict[name]) for name in ("lost", "double", "changed", "stuck", "bad_windows")),
        _span(recoveries),
        f"{max(run['stops_s'], default=0.0):.1f}",
        ", ".join(_ended(int(code), times) for code, times in run["exits"].items()),
    ]


def _overload_row(run: Document) -> list[str]:
    found = run["found"][OVERLOAD]
    memory, latency = found["memory_mib"], found["latency_s"]
    return [
        _counted(run["faults"]),
        f"{found['capacity_posts_per_s']:,}",
        f"{found['offered_posts_per_s']:,}",
        f"{found['lag_posts']['most']:,}",
        f"{memory['settled']:,}, {memory['most']:,}",
        f"{latency['median']:.1f}, {latency['most']:.1f}",
        f"{found['done_after_s']:.0f} with {found['workers_joined']} workers more",
    ]


def overloads(runs: Sequence[Document]) -> list[Document]:
    """Those runs that had an overload to its end."""
    return [run for run in runs if OVERLOAD in run["found"]]


def _span(seconds: Sequence[float]) -> str:
    """Shortest to longest, once where they are the same; nothing where there is none."""
    ends = (min(seconds), max(seconds)) if seconds else ()
    return "-".join(dict.fromkeys(f"{end:.0f}" for end in ends))


def _guard_row(trial: Document) -> list[str]:
    kept, broken = trial["kept"], trial["broken"]
    return [trial["name"], _counted(kept["faults"]), _damage(kept), _damage(broken)]


def _damage(run: Document) -> str:
    names = ("lost", "double", "changed", "stuck", "bad_windows")
    found = {name.replace("_", " "): run["verdict"][name] for name in names}
    damage = ", ".join(f"{count} {name}" for name, count in found.items() if count)
    return f"{damage} (of {run['posts']:,} posts)" if damage else "nothing wrong"


def _counted(faults: Sequence[str]) -> str:
    """Names in order, a repeated one once with its number."""
    return "; ".join(
        f"{faults.count(name)} x {name}" if faults.count(name) > 1 else name
        for name in dict.fromkeys(faults)
    )


def _ended(code: int, times: int) -> str:
    name = "SIGKILL" if code == -9 else str(code)
    return f"{times} x {name}" if times > 1 else name


ROWS: Final = {RUNS: _run_row, OVERLOAD: _overload_row, GUARDS: _guard_row}
