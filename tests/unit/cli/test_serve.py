"""`voxpop serve` says what is wrong as a worker does."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import orjson
import pytest

from stream_app.trial.worker_process import worker_environment

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.mark.timeout(60)
def test_its_log_is_json_where_no_terminal_reads_it() -> None:
    with subprocess.Popen(
        [Path(sys.executable).with_name("voxpop"), "serve", "--port", "0"],
        env=worker_environment({"VOXPOP_REDIS": NOWHERE}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        assert serving.stderr is not None
        try:
            url = serving.stdout.readline().split()[-1]
            with pytest.raises(urllib.error.HTTPError, match="503"):
                urllib.request.urlopen(f"{url}/api/v1/tracks", timeout=30)
            line = orjson.loads(serving.stderr.readline())
        finally:
            serving.terminate()
    assert line["level"] == "WARNING"
    assert "Redis did not answer /api/v1/tracks" in line["message"]
