"""`voxpop doctor` says what is missing and what to do, and shows no secret."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def voxpop(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app.cli.main", *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {finding["what"]: finding for finding in json.loads(done.stdout)}


def test_missing_topics_fail_until_they_are_made(settings_env: Mapping[str, str]) -> None:
    before = voxpop(settings_env, "doctor", "--json")
    assert before.returncode == 1
    assert findings(before)["topics"]["state"] == "fail"
    assert "voxpop topics create" in findings(before)["topics"]["remedy"]
    assert voxpop(settings_env, "topics", "create").returncode == 0
    after = voxpop(settings_env, "doctor", "--json")
    states = {what: finding["state"] for what, finding in findings(after).items()}
    assert "fail" not in states.values(), after.stdout
    assert after.returncode == 0
    assert {"python", "java", "jars", "kafka", "redis", "redis lua", "model", "disk"} <= set(states)


def test_a_worker_that_extracts_needs_its_encoder_and_no_redis(
    settings_env: Mapping[str, str],
) -> None:
    assert voxpop(settings_env, "topics", "create").returncode == 0
    extracting = {**settings_env, "VOXPOP_ROLE": "extract", "VOXPOP_REDIS": "redis://127.0.0.1:1/0"}
    done = voxpop(extracting, "doctor", "--json")
    states = {what: finding["state"] for what, finding in findings(done).items()}
    assert "fail" not in states.values(), done.stdout
    assert {"kafka", "topics", "encoder"} <= set(states)
    assert not {"redis", "model"} & set(states)


def test_servers_that_do_not_answer_fail_without_showing_the_password(
    settings_env: Mapping[str, str],
) -> None:
    nobody = {
        **settings_env,
        "VOXPOP_KAFKA": "127.0.0.1:1",
        "VOXPOP_REDIS": "redis://somebody:s3cret@127.0.0.1:1/0",
    }
    done = voxpop(nobody, "doctor")
    assert done.returncode == 1
    assert "fail kafka" in done.stdout
    assert "fail redis" in done.stdout
    assert "voxpop stack up" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_a_wrong_setting_is_named_in_a_line(settings_env: Mapping[str, str]) -> None:
    done = voxpop({**settings_env, "VOXPOP_WINDOW": "many"}, "tracks-of-nobody")
    assert done.returncode == 2
    wrong = voxpop({**settings_env, "VOXPOP_WINDOW": "many"}, "stack", "status")
    assert wrong.returncode == 2
    assert "VOXPOP_WINDOW" in wrong.stderr
    assert "Traceback" not in wrong.stderr
