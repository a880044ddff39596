"""How many posts' texts a second become features: the served encoder beside others, in one run.

Not for what the network makes of the features: that is `engine`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from deploy.local.progress import Progress
from models.card import ENCODER_FILE, TOKENIZER_FILE, WEIGHTS_FILE, shipped_checkpoint
from models.text_encoder import TextEncoder, load_base_encoder, load_text_encoder
from models.tuning.encoders import encoder_folder
from models.tuning.torch_encoder import TorchEncoder
from stream_app.demo.phrases import all_texts
from stream_app.settings import Settings

Encode = Callable[[Sequence[str]], object]

SERVED: Final = "the checkpoint's"
BASE: Final = "all-MiniLM-L6-v2, float32, ONNX Runtime"
EAGER: Final = "all-MiniLM-L6-v2, float32, torch"
AT_ONCE: Final = 512


@dataclass(frozen=True, slots=True)
class Measurement:
    """One encoder.

    Attributes:
        file_bytes: of its weights and tokenizer on disk.
        posts_per_s: median of the runs.
        ratio: to the float32 encoder in ONNX Runtime, median of the ratios within each run.
        runs: posts a second of each run.
    """

    encoder: str
    file_bytes: int
    posts_per_s: float
    ratio: float
    runs: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and where.

    Attributes:
        encoder: version of the checkpoint's encoder.
        posts: texts a run, taken in turn from those given.
        tokens: mean a text, special ones included.
        network_bytes: of the checkpoint's network on disk, which reads the features.
    """

    machine: Machine
    encoder: str
    posts: int
    tokens: float
    network_bytes: int
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"texts to features, {self.tokens:.1f} tokens a text; {self.encoder}",
            title_justify="left",
        )
        table.add_column("encoder")
        for column in ("MB", "posts/s, median", "ratio", "runs"):
            table.add_column(column, justify="right")
        for each in self.measurements:
            runs = ", ".join(f"{rate:.0f}" for rate in each.runs)
            size, rate = f"{each.file_bytes / 1e6:.1f}", f"{each.posts_per_s:.0f}"
            table.add_row(each.encoder, size, rate, f"{each.ratio:.2f}", runs)
        console.print(table)
        megabytes = self.network_bytes / 1e6
        console.print(f"the network behind it: {megabytes:.1f} MB", highlight=False)
        console.print(str(self.machine), highlight=False)


def run(posts: int, runs: int, progress: Progress, texts: Sequence[str] = ()) -> Figures:
    """Measure the encoders one after the other, in every run.

    Args:
        posts: texts encoded in a run.
        runs: of each encoder.
        progress: told how far it is.
        texts: that are encoded; without any, those of the demo.
    """
    machine = this_machine()
    folder = Settings().model or shipped_checkpoint()
    served = load_text_encoder(folder)
    chosen = cycled(texts or all_texts(), posts)
    encoders: dict[str, Encode] = {
        SERVED: served.encode,
        BASE: load_base_encoder().encode,
        EAGER: TorchEncoder().encode,
    }
    rates = _rates(encoders, chosen, runs, progress)
    published = _published_bytes()
    sizes = {SERVED: carried_bytes(folder) or published, BASE: published, EAGER: published}
    return Figures(
        machine,
        served.name,
        posts,
        _mean_tokens(served, chosen),
        (folder / WEIGHTS_FILE).stat().st_size,
        [measurement(name, sizes[name], own, rates[BASE]) for name, own in rates.items()],
    )


def measurement(
    encoder: str, file_bytes: int, rates: Sequence[float], base: Sequence[float]
) -> Measurement:
    """Of an encoder's rates and those of the base in the same runs, posts a second."""
    ratios = [own / other for own, other in zip(rates, base, strict=True)]
    return Measurement(
        encoder, file_bytes, round(median(rates), 1), round(median(ratios), 3), rates
    )


def cycled(texts: Sequence[str], count: int) -> list[str]:
    """So many texts, taken in turn."""
    return [texts[index % len(texts)] for index in range(count)]


def carried_bytes(folder: Path) -> int:
    """What a checkpoint's own text encoder weighs on disk; 0 where it has none."""
    files = [folder / name for name in (ENCODER_FILE, TOKENIZER_FILE)]
    return sum(file.stat().st_size for file in files if file.is_file())


def _rates(
    encoders: Mapping[str, Encode], texts: Sequence[str], runs: int, progress: Progress
) -> dict[str, list[float]]:
    """Posts a second of each encoder in each run, after texts that warm it up."""
    rates: dict[str, list[float]] = {name: [] for name in encoders}
    for encode in encoders.values():
        encode(texts[:AT_ONCE])
    for done in range(runs):
        for step, (name, encode) in enumerate(encoders.items()):
            progress("Encoding", done * len(encoders) + step, runs * len(encoders))
            rates[name].append(_rate(encode, texts))
    progress("Encoding", runs * len(encoders), runs * len(encoders))
    return rates


def _rate(encode: Encode, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for start in range(0, len(texts), AT_ONCE):
        encode(texts[start : start + AT_ONCE])
    return round(len(texts) / (time.perf_counter() - began), 1)


def _mean_tokens(encoder: TextEncoder, texts: Sequence[str]) -> float:
    lengths = [len(own) for own in encoder.token_ids(texts)]
    return round(sum(lengths) / len(lengths), 2)


def _published_bytes() -> int:
    folder = encoder_folder("minilm", Path())  # a package: nothing is unpacked
    return sum((folder / name).stat().st_size for name in (WEIGHTS_FILE, TOKENIZER_FILE))
