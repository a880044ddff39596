"""What a post costs whom: read from a file in which each figure names what measured it.

Not for measuring: that is `voxpop bench calibrate`. Milliseconds are of one core unless a name says
trip, which is a wait that takes no core.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

SHIPPED: Final = Path(__file__).with_name("costs.toml")


class CostsError(Exception):
    """A file of costs cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of one machine.

    A batch consists of pieces, its posts of one source partition; a call counts the posts of one
    track in one batch; a read fetches the window of one conversation; a poll is one look at the
    fences by who measures latency. A portion is what a fetch brings of one partition, at most as
    many posts as are decoded without a pause: the fewer posts come, the more portions a post.

    Attributes:
        loop_batch_ms: of a worker's event loop, for each batch.
        loop_piece_ms: for each piece.
        loop_call_ms: for each call.
        loop_portion_ms: for each portion.
        loop_post_ms: for each post, decoding included.
        decode_share: of `loop_post_ms`, what is done before a post waits for its batch.
        predict_share: of `loop_post_ms`, what is done once the model has answered.
        loop_locked: share of the event loop's work that holds the interpreter's lock.
        consumer_portion_ms: of a worker's consumer thread, for each portion.
        consumer_post_ms: for each record.
        ask_batch_ms: of a worker's threads that ask the model, for each batch: windows planned,
            questions written, answers read and checked.
        ask_post_ms: for each post.
        encode_batch_ms: of the model's process, for each batch whose records it makes.
        encode_post_ms: for each post.
        score_single_ms: of the model's process, for each batch of one post that it scores: products
            of one row are others than those of several.
        score_batch_ms: for each batch of more.
        score_post_ms: for each post.
        score_context_ms: for each post of the conversation that is kept and looked at.
        score_rebuilt_ms: for each post of a conversation whose state is computed again.
        redis_piece_ms: of Redis' one core, for each piece: results fixed, windows grown.
        redis_call_ms: for each call.
        redis_post_ms: for each post.
        redis_read_ms: for each window read.
        redis_poll_ms: for each poll.
        kafka_cores: of the broker, cores whatever happens.
        kafka_piece_ms: for each piece delivered.
        kafka_read_ms: for each portion read by a worker.
        kafka_append_ms: for each portion appended by a producer: its posts of one partition at a
            time.
        producer_post_ms: of a producer, for each post.
        producer_poll_ms: of who measures, for each poll.
        redis_trip_ms: to Redis and back.
        kafka_trip_ms: from sending a batch until all replicas confirm.
        fetch_trip_ms: from an append until a waiting worker has the record.
        linger_ms: how long a producer waits to fill its batch.
        post_bytes: of an envelope as sent.
        post_wire_bytes: of an envelope, compressed in its batch.
        prediction_bytes: of a prediction.
        prediction_wire_bytes: of a prediction, compressed in its batch.
        redis_post_bytes: sent to Redis for each post, calls excluded.
        redis_call_bytes: sent to Redis for each call.
        window_bytes: of Redis' memory, for each conversation.
        window_post_bytes: of Redis' memory, for each post in a window.
        track_bytes: of Redis' memory, for a busy track over two years.
        state_bytes: of a worker's memory, for the kept state of a conversation, and each post that
            its window may have.
        worker_bytes: of a worker's memory besides the states, its model's process included.
        gpu_batch_ms: of a GPU, for each batch.
        gpu_post_ms: of a GPU, for each post.
        gpu_core_ms: of the model's process beside a GPU, for each post.
        extract_encode_ms: of the text encoder, for each post, all its threads together.
        extract_post_ms: of a worker that extracts besides, for each post: event loop and consumer.
        raw_post_wire_bytes: of a post of `posts.raw`, compressed in its batch.
    """

    loop_batch_ms: float
    loop_piece_ms: float
    loop_call_ms: float
    loop_portion_ms: float
    loop_post_ms: float
    decode_share: float
    predict_share: float
    loop_locked: float
    consumer_portion_ms: float
    consumer_post_ms: float
    ask_batch_ms: float
    ask_post_ms: float
    encode_batch_ms: float
    encode_post_ms: float
    score_single_ms: float
    score_batch_ms: float
    score_post_ms: float
    score_context_ms: float
    score_rebuilt_ms: float
    redis_piece_ms: float
    redis_call_ms: float
    redis_post_ms: float
    redis_read_ms: float
    redis_poll_ms: float
    kafka_cores: float
    kafka_piece_ms: float
    kafka_read_ms: float
    kafka_append_ms: float
    producer_post_ms: float
    producer_poll_ms: float
    redis_trip_ms: float
    kafka_trip_ms: float
    fetch_trip_ms: float
    linger_ms: float
    post_bytes: float
    post_wire_bytes: float
    prediction_bytes: float
    prediction_wire_bytes: float
    redis_post_bytes: float
    redis_call_bytes: float
    window_bytes: float
    window_post_bytes: float
    track_bytes: float
    state_bytes: float
    worker_bytes: float
    gpu_batch_ms: float
    gpu_post_ms: float
    gpu_core_ms: float
    extract_encode_ms: float
    extract_post_ms: float
    raw_post_wire_bytes: float


NAMES: Final = tuple(each.name for each in fields(Costs))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure comes from.

    Attributes:
        source: the command that measured it, or `assumed: ` and why.
        machine: that it was measured on; empty for what does not depend on one.
    """

    source: str
    machine: str

    @property
    def assumed(self) -> bool:
        """Whether nothing measured it."""
        return self.source.startswith("assumed")


@dataclass(frozen=True, slots=True)
class CostsFile:
    """Costs with the origin of each, by name."""

    costs: Costs
    origins: Mapping[str, Origin]


def read_costs(path: Path = SHIPPED) -> CostsFile:
    """Costs from a TOML file: a table `[name]` for each, with `value`, `source` and `machine`.

    Raises:
        CostsError: it cannot be read, or a cost is missing, unknown or no number from 0 on.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CostsError(
            f"{path}: {error}; make one with `voxpop bench calibrate --costs FILE`"
        ) from error
    if wrong := sorted(set(NAMES) ^ set(tables)):
        raise CostsError(
            f"{path}: missing or unknown: {', '.join(wrong)}; make it again with "
            "`voxpop bench calibrate --costs FILE`"
        )
    values = {name: _value(path, name, tables[name]) for name in NAMES}
    origins = {
        name: Origin(str(tables[name].get("source", "")), str(tables[name].get("machine", "")))
        for name in NAMES
    }
    return CostsFile(Costs(**values), origins)


def write_costs(path: Path, file: CostsFile) -> None:
    """Write costs as `read_costs` reads them."""
    lines = [
        "# What a post costs whom, and what measured it. `voxpop bench calibrate --costs FILE`",
        "# writes one for your machine; what a name means stands in stream_app/capacity/costs.py.",
    ]
    for name in NAMES:
        origin = file.origins[name]
        lines += [
            "",
            f"[{name}]",
            f"value = {getattr(file.costs, name):.6g}",
            f"source = {_quoted(origin.source)}",
        ]
        if origin.machine:
            lines.append(f"machine = {_quoted(origin.machine)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _value(path: Path, name: str, table: Any) -> float:
    value = table.get("value") if isinstance(table, dict) else None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < float("inf")
    ):
        raise CostsError(f"{path}: [{name}] needs a `value`, a number from 0 on, and has {value!r}")
    return float(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
