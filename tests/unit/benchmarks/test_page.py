"""Tables of docs/performance.md say what was measured, and nothing that was not."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from benchmarks import (
    acceleration,
    candidates,
    engine,
    extraction,
    growth,
    reading,
    soak,
    verify,
    window_lengths,
)
from benchmarks.machine import Machine
from benchmarks.page.__main__ import PARTS, main, with_figures
from benchmarks.page.folder import Folder
from benchmarks.peers import figures as peers
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.latency import Latency
from benchmarks.peers.measurement import Measurement
from benchmarks.pipeline_figures import Figures, Paced, Run
from benchmarks.stages import ORDER, Stages
from stream_app.capacity.blocks import block
from stream_app.cli.json_file import write_json

PAGE: Final = Path(__file__).parents[3] / "docs" / "performance.md"
MACHINE: Final = Machine(
    "a processor", 2, 8.0, "Linux", "3.11", "2.13", (0.5, 0.4, 0.3), "2026-01-02T03:04Z", "0a1b2c3"
)
WAITED: Final = {"p50": 20.0, "p95": 30.0, "p99": None, "behind_s": 0.1}
STAGES: Final = Stages(200.0, {stage: 1.5 + at for at, stage in enumerate(ORDER)})
RUN: Final = Run(
    workers=1,
    pipeline=3000.0,
    beside_producer=2000.0,
    model_alone=4000.0,
    ratio=0.75,
    cpu_ms={"models": 0.3, "Kafka": 0.1},
    stages=STAGES,
    paced={"half": Paced(1500.0, WAITED, replace(STAGES, posts=20.0))},
)
PROMISES: Final = PEERS[0].promises
PEER: Final = Measurement(
    peer="a loop",
    form="engine",
    posts=1000,
    rate=1500.0,
    runs=[1500.0],
    ratio=0.5,
    window_posts=4.0,
    latency=Latency(750.0, 750.0, 1000, 10.0, 20.0, 30.0, 0.1),
    voxpop_latency=Latency(750.0, 750.0, 1000, 20.0, 40.0, 60.0, 0.1),
    p99_ratio=0.5,
    paced=[],
    promises=PROMISES,
    failures=[],
)


def page_with(*names: str) -> str:
    return "".join(f"# {n}\n<!-- {n}: x -->\nas before\n<!-- end of {n} -->\n" for n in names)


@pytest.fixture
def all_parts() -> str:
    return page_with(*PARTS)


def test_the_page_has_a_place_for_every_part() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in PARTS:
        assert block(text, name)


def test_a_part_that_was_not_measured_stays(tmp_path: Path, all_parts: str) -> None:
    assert with_figures(all_parts, Folder(tmp_path)) == all_parts


def test_every_run_and_the_median_are_told(tmp_path: Path, all_parts: str) -> None:
    middle = replace(RUN, pipeline=3100.0)
    measured = Figures(MACHINE, "a model", 12000, 256, 32, [RUN], [middle])
    write_json(tmp_path / "pipeline.json", measured)
    told = with_figures(all_parts, Folder(tmp_path))
    rows = block(told, "pipeline").splitlines()[2:]
    assert rows == [
        "| 1 | 1 | 3,000 | 2,000 | 4,000 | 0.75 | 20 / 30 / - |",
        "| **median** | 1 | 3,100 | 2,000 | 4,000 | 0.75 | 20 / 30 / - |",
    ]
    assert block(told, "pipeline-cost").splitlines()[2] == "| 1 | 0.300 | 0.100 | 0.400 |"
    header, _, *rows = block(told, "pipeline-stages").splitlines()
    assert header.split(" | ")[3:6] == ["decode", "wait", "assemble"]
    assert rows == [
        "| 1 | backlog | 200 | 1.5 | 2.5 | 3.5 | 4.5 | 5.5 | 6.5 | 7.5 | 8.5 |",
        "| 1 | half | 20 | 1.5 | 2.5 | 3.5 | 4.5 | 5.5 | 6.5 | 7.5 | 8.5 |",
    ]
    assert block(told, "engine") == "as before"


def test_readers_are_set_beside_each_other_by_length(tmp_path: Path, all_parts: str) -> None:
    costs = {("a", 9000): 4.0, ("a", 300): 1.0, ("b", 300): 2.0, ("b", 9000): 8.0}
    readings = [
        reading.Reading(name, length, cost, 0.0, 1.0, [cost])
        for (name, length), cost in costs.items()
    ]
    write_json(tmp_path / "reading.json", reading.Figures(MACHINE, readings))
    rows = block(with_figures(all_parts, Folder(tmp_path)), "reading").splitlines()
    assert rows[0] == "| reader | 300 bytes | 9,000 bytes |"
    assert rows[2:] == ["| a | 1.0 | 4.0 |", "| b | 2.0 | 8.0 |"]


def test_peers_need_short_and_long_conversations(tmp_path: Path, all_parts: str) -> None:
    long = replace(PEER, rate=1000.0, runs=[1000.0], latency=None, failures=["it ended"])
    measured = [
        peers.Figures(MACHINE, "a model", 1000, 8, 32, 10.0, [each]) for each in (PEER, long)
    ]
    write_json(tmp_path / "peers.json", measured[0])
    assert with_figures(all_parts, Folder(tmp_path)) == all_parts
    write_json(tmp_path / "peers-long.json", measured[1])
    told = with_figures(all_parts, Folder(tmp_path))
    assert "| a loop | engine | 1,500 | 0.50 | 1,500 | 1,000 | 0.50 | 1,000 |" in told
    waits = "| 750 | 10 / 20 / 30 | 20 / 40 / 60 | 0.5 | failed |  |  |  |"
    assert block(told, "peers-wait").splitlines()[2] == f"| a loop | engine {waits}"


def test_an_engine_is_set_beside_the_first_only_with_the_same_batch(
    tmp_path: Path, all_parts: str
) -> None:
    measured = [
        engine.Measurement(name, batch, 100.0, score, 10.0, [9.0, 11.0], 5.0)
        for name, batch, score in [
            (engine.REFERENCE, 64, 50.0),
            ("stream", 64, 1000.0),
            ("stream", 1024, 2000.0),
        ]
    ]
    figures = engine.Figures(MACHINE, None, "none here", "a model", 32, 2, measured)
    write_json(tmp_path / "engine.json", figures)
    rows = block(with_figures(all_parts, Folder(tmp_path)), "engine").splitlines()[2:]
    assert [row.split(" | ")[4] for row in rows] == ["1.0", "20.0", ""]


def test_a_difference_too_small_to_see_is_told_as_such(tmp_path: Path, all_parts: str) -> None:
    grown = [
        growth.Growth(1000, 6000.0, 2000.0, [10.0, 12.0], 11.0, furthest)
        for furthest in (1e-8, 2e-3)
    ]
    write_json(tmp_path / "growth.json", growth.Figures(MACHINE, "a model", 8, grown))
    rows = block(with_figures(all_parts, Folder(tmp_path)), "growth").splitlines()[2:]
    assert rows[0] == "| 1,000 | 6,000 | 0.01 | 2,000 | 11.0 | 10.0, 12.0 | under 1e-6 |"
    assert rows[1].endswith("| 2e-03 |")


def test_a_peer_that_only_one_file_has_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(page_with(*PARTS))
    for name, own in {"peers": PEER, "peers-long": replace(PEER, form="eager")}.items():
        figures = peers.Figures(MACHINE, "a model", 1000, 8, 32, 10.0, [own])
        write_json(tmp_path / f"{name}.json", figures)
    assert main(tmp_path, page) == 1
    assert "a loop, engine" in capsys.readouterr().err


def test_the_machine_is_told_with_when_each_part_began_and_of_which_code(
    tmp_path: Path, all_parts: str
) -> None:
    busy = replace(MACHINE, load_before=(2.0, 1.0, 0.5), began="2026-01-02T04:05Z", code="c3d4e5f")
    write_json(tmp_path / "engine.json", engine.Figures(MACHINE, None, "no", "a model", 32, 2, []))
    write_json(tmp_path / "pipeline.json", Figures(busy, "a model", 1, 256, 32, [RUN], [RUN]))
    write_json(tmp_path / "peers.json", peers.Figures(MACHINE, "a model", 1, 8, 32, 10.0, []))
    told = block(with_figures(all_parts, Folder(tmp_path)), "machine")
    assert told.startswith("a processor, 2 logical cores, 8.0 GiB, Linux, Python 3.11, torch 2.13.")
    assert "Commit: 0a1b2c3, c3d4e5f." in told
    assert told.endswith(
        "engine 2026-01-02T03:04Z (0.5), pipeline 2026-01-02T04:05Z (2.0), "
        "peers 2026-01-02T03:04Z (0.5)."
    )


def test_who_takes_no_time_has_no_column(tmp_path: Path, all_parts: str) -> None:
    run = extraction.Run(1000.0, 1500.0, {"event loops": 0.1, "Valkey": 0.001}, 0.6, 0.8)
    figures = extraction.Figures(MACHINE, "an encoder", 9000, 13.5, 0, [run], run)
    write_json(tmp_path / "extraction.json", figures)
    rows = block(with_figures(all_parts, Folder(tmp_path)), "extraction").splitlines()
    assert rows[0].endswith("| the encoder's part of the worker | event loops, ms a post |")
    assert rows[2:] == [f"| {name} | 1,000 | 1,500 | 80% | 0.10 |" for name in ("1", "**median**")]


def test_candidates_are_told_beside_what_was_chosen(tmp_path: Path, all_parts: str) -> None:
    found = [candidates.Candidate("torch", 64, 1200.4, 0.251, [1100.0, 1200.4], 0.00312)]
    figures = candidates.Figures(MACHINE, "a model", 32, 2, None, found)
    write_json(tmp_path / "candidates.json", figures)
    rows = block(with_figures(all_parts, Folder(tmp_path)), "candidates").splitlines()[2:]
    assert rows == ["| torch | 64 | 1,200 | 0.25 | 0.0031 | 1,100, 1,200 |"]


def test_lengths_of_windows_are_told_with_every_run(tmp_path: Path, all_parts: str) -> None:
    lengths = [window_lengths.WindowLength(128, 3600.0, [3500.0, 3600.0], 1_800_000, 157_000.4)]
    figures = window_lengths.Figures(MACHINE, "a model", lengths)
    write_json(tmp_path / "windows.json", figures)
    rows = block(with_figures(all_parts, Folder(tmp_path)), "windows").splitlines()[2:]
    assert rows == ["| 128 | 3,600 | 3,500, 3,600 | 1,800,000 | 157,000 |"]


def test_where_there_is_no_gpu_nothing_is_told_of_one(tmp_path: Path, all_parts: str) -> None:
    rows = [
        acceleration.Row(
            "TMSAM", 1000, acceleration.Ratio.of(train), acceleration.Ratio.of(score), 1.61
        )
        for train, score in [([[0.84]], [[0.24]]), ([[0.84], [0.21]], [[0.24], [0.03]])]
    ]
    figures = acceleration.Figures(MACHINE, None, "none here", "random posts", 10, 2, rows)
    write_json(tmp_path / "acceleration.json", figures)
    told = block(with_figures(all_parts, Folder(tmp_path)), "acceleration").splitlines()[2:]
    assert told == [
        "| TMSAM | 0.84 | - | - | 1.61 | 0.24 | - | - |",
        "| TMSAM | 0.84 | 0.21 | 4.00 | 1.61 | 0.24 | 0.03 | 8.00 |",
    ]


def test_ways_to_count_again_are_told_by_the_ratio(tmp_path: Path, all_parts: str) -> None:
    measured = [verify.Measurement("one process", 28_000.0, 1.0, [27_000.0, 29_000.0])]
    write_json(tmp_path / "verify.json", verify.Figures(MACHINE, 400_000, 605.0, measured))
    rows = block(with_figures(all_parts, Folder(tmp_path)), "verify").splitlines()[2:]
    assert rows == ["| one process | 28,000 | 1.00 | 27,000, 29,000 |"]


SOAK: Final = soak.Figures(MACHINE, 600.0, 900.0, 540000, 0, 1.0, (2000.0, 2001.0), 759.0, [])


@pytest.mark.parametrize("broken", ["{", '{"rate": 3}'])
def test_figures_that_cannot_be_read_are_named_and_leave_the_page(
    broken: str, tmp_path: Path, all_parts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(all_parts)
    (tmp_path / "soak.json").write_text(broken)
    assert main(tmp_path, page) == 1
    assert page.read_text() == all_parts
    assert "soak.json" in capsys.readouterr().err


def test_a_page_without_the_place_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(page_with("engine"))
    write_json(tmp_path / "soak.json", SOAK)
    assert main(tmp_path, page) == 1
    assert page.read_text() == page_with("engine")
    assert "end of soak" in capsys.readouterr().err


def test_a_page_is_filled(tmp_path: Path, all_parts: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(all_parts)
    write_json(tmp_path / "soak.json", SOAK)
    assert main(tmp_path, page) == 0
    row = "| 600 | 15 | 540,000 | 0 | 2,000.0 and 2,001.0 | +1.0 | 759 |"
    assert block(page.read_text(), "soak").splitlines()[2] == row
