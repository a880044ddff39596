"""Records of posts: their vectors in bytes, as kept between batches.

Layout: 8 bytes stamp of the model, 1 byte of presence (bit m for modality m), then the vectors of
the present modalities in the order of `labels.MODALITIES`, float16, little-endian. Not for where
records are kept.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features
from models.errors import ModelError

STAMP_BYTES: Final = 8
_HEADER_BYTES: Final = STAMP_BYTES + 1
_VECTOR_DTYPE: Final = np.dtype("<f2")


def encode_posts(
    stamp: bytes,
    posts: Sequence[Features],
    post_width: int,
    encode: Callable[[str, Sequence[NDArray[np.float32]]], NDArray[np.float32]],
) -> list[bytes]:
    """Records of posts, whose modalities are encoded one after the other.

    Args:
        stamp: 8 bytes that name the model.
        posts: modality -> [steps, width], present ones only.
        post_width: numbers in one vector.
        encode: vectors, [P, post_width], of posts in one modality, at least one.

    Raises:
        ModelError: as `pack_records`.
    """
    vectors = np.zeros((len(posts), len(MODALITIES), post_width), np.float32)
    presence = np.zeros((len(posts), len(MODALITIES)), np.bool_)
    for column, modality in enumerate(MODALITIES):
        owners = [index for index, post in enumerate(posts) if modality in post]
        if owners:
            steps = [posts[index][modality] for index in owners]
            vectors[owners, column] = encode(modality, steps)
            presence[owners, column] = True
    return pack_records(stamp, vectors, presence)


def pack_records(
    stamp: bytes, vectors: NDArray[np.float32], presence: NDArray[np.bool_]
) -> list[bytes]:
    """Posts' vectors as records.

    Args:
        stamp: 8 bytes that name the model.
        vectors: [P, 3, post_width]; what stands where a modality is absent is not read.
        presence: [P, 3].

    Raises:
        ModelError: a post has no modality, or a value is not finite as float16.
    """
    if not presence.any(axis=1).all():
        raise ModelError("a post without any modality has no record")
    with np.errstate(over="ignore"):
        packed = vectors.astype(_VECTOR_DTYPE)  # [P, 3, post]
    if not np.isfinite(packed[presence]).all():
        raise ModelError("the post encoder gave a vector that is not finite")
    bits = np.packbits(presence, axis=1, bitorder="little")[:, 0].tolist()
    return [
        b"".join((stamp, bytes((own,)), post[present].tobytes()))
        for own, post, present in zip(bits, packed, presence, strict=True)
    ]


def unpack_records(
    stamp: bytes, records: Sequence[bytes], post_width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The vectors in records.

    Args:
        stamp: 8 bytes that name the model.
        records: from `pack_records`; none is fine.
        post_width: numbers in one vector.

    Returns:
        [R, 3, post_width] with zeros for an absent modality, and presence, [R, 3].

    Raises:
        ModelError: another model's record, or bytes that are no record.
    """
    vectors = np.zeros((len(records), len(MODALITIES), post_width), np.float32)
    presence = np.zeros((len(records), len(MODALITIES)), np.bool_)
    alike: dict[tuple[bytes, int], list[int]] = {}
    for row, record in enumerate(records):
        alike.setdefault((record[:_HEADER_BYTES], len(record)), []).append(row)
    for rows in alike.values():
        own = _presence(stamp, records[rows[0]], post_width)  # all have this form
        body = b"".join([records[row][_HEADER_BYTES:] for row in rows])
        present = np.flatnonzero(own)
        presence[rows] = own
        vectors[np.array(rows)[:, None], present] = np.frombuffer(body, _VECTOR_DTYPE).reshape(
            len(rows), len(present), post_width
        )
    return vectors, presence


def _presence(stamp: bytes, record: bytes, post_width: int) -> tuple[bool, ...]:
    """Which modalities a record has; raises ModelError where it is none of this model."""
    if record[:STAMP_BYTES] != stamp:
        raise ModelError(
            f"record of another model: stamp {record[:STAMP_BYTES].hex()}, not {stamp.hex()}; "
            "drop it and encode the post again"
        )
    bits = record[STAMP_BYTES] if len(record) > STAMP_BYTES else 0
    presence = tuple(bool(bits >> index & 1) for index in range(len(MODALITIES)))
    wanted = _HEADER_BYTES + sum(presence) * post_width * _VECTOR_DTYPE.itemsize
    if bits == 0 or bits >> len(MODALITIES) or len(record) != wanted:
        raise ModelError(f"damaged record: {len(record)} bytes, presence {bits}, not {wanted}")
    return presence
