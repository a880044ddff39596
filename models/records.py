"""The record of a post: its vectors in bytes, as kept between batches.

Layout: 8 bytes stamp of the model, 1 byte of presence (bit m for modality m), then the vectors of
the present modalities in the order of `labels.MODALITIES`, float16, little-endian. Not for where
records are kept.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from models.errors import ModelError

STAMP_BYTES: Final = 8
_HEADER_BYTES: Final = STAMP_BYTES + 1
_VECTOR_DTYPE: Final = np.dtype("<f2")


def pack_record(stamp: bytes, vectors: Sequence[NDArray[np.float32] | None]) -> bytes:
    """A post's vectors as a record.

    Args:
        stamp: 8 bytes that name the model.
        vectors: by modality, [post_width] or None where the post has none.

    Returns:
        The record.

    Raises:
        ModelError: no modality is present, or a value is not finite as float16.
    """
    present = [vector for vector in vectors if vector is not None]
    if not present:
        raise ModelError("a post without any modality has no record")
    with np.errstate(over="ignore"):
        packed = np.stack(present).astype(_VECTOR_DTYPE)  # [present, post]
    if not np.isfinite(packed).all():
        raise ModelError("the post encoder gave a vector that is not finite")
    bits = sum(1 << index for index, vector in enumerate(vectors) if vector is not None)
    return stamp + bytes([bits]) + packed.tobytes()


def unpack_record(
    stamp: bytes, record: bytes, post_width: int
) -> tuple[NDArray[np.float32], tuple[bool, ...]]:
    """The vectors in a record.

    Args:
        stamp: 8 bytes that name the model.
        record: from `pack_record`.
        post_width: numbers in one vector.

    Returns:
        [3, post_width] with zeros for an absent modality, and which are present.

    Raises:
        ModelError: another model's record, or bytes that are no record.
    """
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
    vectors = np.zeros((len(MODALITIES), post_width), np.float32)  # [3, post]
    body = np.frombuffer(record, _VECTOR_DTYPE, offset=_HEADER_BYTES).reshape(-1, post_width)
    vectors[list(presence)] = body
    return vectors, presence


def pack_records(
    stamp: bytes, vectors: NDArray[np.float32], presence: NDArray[np.bool_]
) -> list[bytes]:
    """Records of many posts, see `pack_record`.

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
    """Vectors of many records, see `unpack_record`.

    Args:
        stamp: 8 bytes that name the model.
        records: of one or of many posts.
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
        _, own = unpack_record(stamp, records[rows[0]], post_width)  # all have this form
        body = b"".join([records[row][_HEADER_BYTES:] for row in rows])
        present = np.flatnonzero(own)
        presence[rows] = own
        vectors[np.array(rows)[:, None], present] = np.frombuffer(body, _VECTOR_DTYPE).reshape(
            len(rows), len(present), post_width
        )
    return vectors, presence
