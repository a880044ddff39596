#!/usr/bin/env bash
# All that only a GPU can tell, in some minutes: tests of its engine, posts a second, S of the four systems.
#   benchmarks/gpu.sh [FOLDER for the JSON files]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-gpu-figures}
.venv/bin/python -c 'import sys; from models.device import why_no_gpu; sys.exit(why_no_gpu() and f"no GPU here: {why_no_gpu()}")'
mkdir -p "$out"
.venv/bin/python -m pytest -q tests/unit/models/streaming
.venv/bin/voxpop bench engine --posts 2048 --runs 5 --json "$out/engine.json"
.venv/bin/voxpop bench acceleration --posts 3200 --runs 3 --json "$out/acceleration.json"
