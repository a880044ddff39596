"""Results are told in a table, and a part that ran again replaces its own rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.plan import GUARDS as PLANNED_GUARDS
from tests.chaos.plan import LONG
from tests.chaos.report import GUARDS, OVERLOAD, RUNS, overloads, table, write_into_page, write_json

RESULTS = Path("docs/chaos.json")
PAGE = Path("docs/chaos.md")


def a_run(name: str, lost: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "faults": ["SIGKILL", "SIGKILL", "SIGSTOP"],
        "posts": 1234,
        "verdict": {"lost": lost, "double": 0, "changed": 0, "stuck": 0, "bad_windows": 0},
        "recoveries_s": [8.2, 1.4],
        "exits": {"-9": 2, "70": 1},
        "stops_s": [0.1, 2.4],
    }


def test_a_row_tells_faults_once_with_their_number() -> None:
    row = table(RUNS, [a_run("kill", lost=3)]).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "2 x SIGKILL; SIGSTOP",
        "1,234",
        *("3", "0", "0", "0", "0"),
        "1-8",
        "2.4",
        "2 x SIGKILL, 70",
    ]


def test_an_overload_is_told_in_a_table_of_its_own() -> None:
    found = {
        "capacity_posts_per_s": 180,
        "offered_posts_per_s": 540,
        "lag_posts": {"most": 100_000, "at_the_end": 99_000},
        "memory_mib": {"settled": 110, "most": 115, "at_the_end": 112},
        "latency_s": {"median": 90.0, "most": 201.25},
        "done_after_s": 240.4,
        "workers_joined": 2,
    }
    runs = [a_run("kill") | {"found": {}}, a_run("overload") | {"found": {OVERLOAD: found}}]
    (row,) = table(OVERLOAD, overloads(runs)).splitlines()[2:]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "2 x SIGKILL; SIGSTOP",
        *("180", "540", "100,000", "110, 115", "90.0, 201.2"),
        "240 with 2 workers more",
    ]


def test_a_run_done_again_replaces_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    file.write_text(json.dumps({"guards": ["kept"]}))
    order = ["a", "b"]
    write_json(file, RUNS, [a_run("b"), a_run("gone")], order)
    everything = write_json(file, RUNS, [a_run("a"), a_run("b", lost=1)], order)
    assert [(run["name"], run["verdict"]["lost"]) for run in everything] == [("a", 0), ("b", 1)]
    assert json.loads(file.read_text()) == {"guards": ["kept"], "runs": everything}


def test_the_page_shows_the_rows_that_the_json_holds() -> None:
    results, page = json.loads(RESULTS.read_text()), PAGE.read_text()
    shown = {**results, OVERLOAD: overloads(results[RUNS])}
    for part in (RUNS, GUARDS, OVERLOAD):
        rows = table(part, shown[part]) if shown[part] else ""
        assert f"<!-- {part} -->\n{rows}<!-- end of {part} -->\n" in page


def test_every_run_and_guard_of_the_plan_has_its_result() -> None:
    results = json.loads(RESULTS.read_text())
    for part, wanted in (
        (RUNS, [setup.name for setup in LONG]),
        (GUARDS, [trial.guard for trial in PLANNED_GUARDS]),
    ):
        missing = set(wanted).difference(each["name"] for each in results[part])
        assert not missing, f"{part}: run `make chaos`, or these with --only"


def test_a_page_keeps_all_but_its_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- runs -->\nold\n<!-- end of runs -->\nafter\n")
    write_into_page(page, RUNS, "new\n")
    assert page.read_text() == "before\n<!-- runs -->\nnew\n<!-- end of runs -->\nafter\n"
    with pytest.raises(ValueError, match="guards"):
        write_into_page(page, "guards", "new\n")
