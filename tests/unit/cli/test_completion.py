"""Shells complete commands, options and presets, without torch and without a server."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
HEAVY = {"torch", "numba", "onnxruntime", "transformers", "faust", "aiokafka", "redis", "pydantic"}
NOBODY = {"VOXPOP_KAFKA": "127.0.0.1:1", "VOXPOP_REDIS": "redis://127.0.0.1:1/0"}
PATH = {"PATH": f"{BIN}:{os.environ['PATH']}"}


def run(command: list[str], **settings: str) -> str:
    env = {**os.environ, **NOBODY, **PATH, **settings}
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, check=True
    ).stdout


def offered_by_bash(line: str) -> set[str]:
    """What bash offers for the last word of a line, by the script that it installs."""
    words = line.split(" ")
    script = f"""
    source <(voxpop --show-completion bash)
    COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}
    _voxpop_completion voxpop
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return set(run(["bash", "-c", script]).split())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("voxpop tr", {"train", "trends", "tracks"}),
        ("voxpop dlq ", {"list", "show", "replay"}),
        ("voxpop bench ac", {"acceleration", "accuracy"}),
        ("voxpop topics create --rep", {"--replication"}),
        ("voxpop train --config meld-", {"meld-default", "meld-large", "meld-stream"}),
        ("voxpop evaluate --split ", {"dev", "test"}),
    ],
)
def test_bash_offers_commands_options_and_presets(line: str, offered: set[str]) -> None:
    assert offered_by_bash(line) == offered


def test_bash_offers_files_where_nothing_else_fits() -> None:
    assert "-o default" in run(["voxpop", "--show-completion", "bash"])
    assert offered_by_bash("voxpop produce po") == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(shell: str) -> None:
    asked = {"_VOXPOP_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    told = run(["voxpop"], _TYPER_COMPLETE_ARGS="voxpop tr", **asked)
    assert all(name in told for name in ("train", "trends", "tracks"))
    assert "_VOXPOP_COMPLETE" in run(["voxpop", "--show-completion", shell])


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    code = "import sys, stream_app.cli.main; print(*sys.modules)"
    imported = set(run([sys.executable, "-c", code]).split())
    assert imported & HEAVY == set()
    assert "stream_app.cli.train" in imported
