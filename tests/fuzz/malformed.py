"""Posts that are broken in every way we could think of, each from a seed and its number alone.

Most are near a valid post, where a decoder has the most to get wrong; a few are merely large.
Not for judging what becomes of them: `judging` does that.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.labels import MODALITIES
from connectors.schemas.tensors import encode_tensor

NOW: Final = 1_764_000_000.0
MEBIBYTE: Final = 1024 * 1024
_MARK: Final = "@raw@"

# what JSON's writer would not write: numbers that are none, or too large, and half characters
RAW: Final = (
    b"NaN",
    b"-Infinity",
    b"Infinity",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"10" + b"0" * 40,
    b"-0",
    b"-0.0",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"0x10",
    b"1" + b"0" * 400 + b".5",
    b"18446744073709551616",
    b"-9223372036854775809",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\u0000"',
    b'"\\x00"',
    b'"\xff\xfe"',
    b'"\xc0\x80"',
    b'"\xed\xa0\x80"',
    b'"a\nb"',
    b"'single'",
    b"undefined",
    b"[1,]",
    b"{,}",
    b"",
)
VALUES: Final[Sequence[Any]] = (
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    0.5,
    -0.0,
    127,
    128,
    129,
    10**9,
    2**31,
    2**53 + 1,
    2**63 - 1,
    1e308,
    -1e308,
    3.5e38,
    1e-320,
    NOW,
    NOW * 1000,
    "",
    " ",
    "a",
    "0",
    "NaN",
    "x" * 256,
    "x" * 257,
    "é" * 128,
    "\u202e\u0000\u2028",
    "{acme}",
    "😀" * 60,
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "2025-11-24",
    "2025-W48-1",
    "20251124T160000Z",
    "2025-11-24T16:00:00.25Z",
    "float16",
    "float64",
    "int8",
    "default@1",
    "paper@1",
    "AAAA",
    "====",
    "A" * 2048,
    [],
    [[]],
    [None],
    [[0.0] * 384],
    [[0.0] * 383],
    [[True] * 384],
    [["0"] * 384],
    [[1e39] * 384],
    [[3e38] * 384],
    [[0.0] * 384] * 129,
    [10**9, 384],
    [1, 10**9],
    [2**62, 2**62],
    [-1, 384],
    [0, 0],
    [2.0, 384.0],
    [1, 384, 1],
    {},
    {"": None},
    {"dtype": "float16"},
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that somebody might send.

    Attributes:
        kind: how it was broken.
    """

    kind: str
    key: bytes | None
    value: bytes | None


class MalformedPosts:
    """An endless row of them.

    Args:
        seed: another one gives other posts.
        now: the reader's clock, Unix seconds.
    """

    def __init__(self, seed: int, now: float = NOW) -> None:
        self._seed = seed
        self._now = now
        generator = np.random.default_rng(seed)
        self._tensors = {
            modality: [
                _tensor(generator.normal(size=(steps, DEFAULT.widths[modality])), dtype)
                for steps in (1, 2)
                for dtype in ("float16", "float32", "int8", "rows")
            ]
            for modality in MODALITIES
        }

    def post(self, number: int) -> Malformed:
        """The post of that number, the same whenever it is asked for."""
        chance = random.Random(f"{self._seed}:{number}")
        post = self.valid(chance)
        kind = chance.choices(tuple(KINDS), tuple(weight for weight, _ in KINDS.values()))[0]
        key, value = KINDS[kind][1](chance, post)
        return Malformed(kind, key, value)

    def valid(self, chance: random.Random) -> dict[str, Any]:
        """A post that nothing is wrong with; its features are shared, so copy what you change."""
        name = f"c{chance.randrange(200)}"
        return {
            "schema_version": 1,
            "post_id": f"p{chance.randrange(10**6)}",
            "conversation_id": name,
            "parent_id": chance.choice((None, "p0")),
            "platform": "fuzz",
            "lang": chance.choice((None, "en")),
            "created_at": self._now - chance.randrange(3600),
            "tracks": ["acme", "globex"][: chance.randrange(3)],
            "text": chance.choice((None, "fine")),
            "feature_set": "default@1",
            "features": {
                name: chance.choice(tensors)
                for name, tensors in self._tensors.items()
                if name == "text" or chance.random() < 0.3
            },
        }


Record = tuple[bytes | None, bytes | None]


def _tensor(values: Any, dtype: str) -> Any:
    if dtype == "rows":
        return np.round(values, 3).tolist()
    return encode_tensor(values, dtype)  # type: ignore[arg-type]


def _key(post: dict[str, Any]) -> bytes:
    return str(post["conversation_id"]).encode(errors="replace")


def _fields(chance: random.Random, post: dict[str, Any]) -> Record:
    """A few of its values others, gone or new."""
    key = _key(post)
    for _ in range(chance.randint(1, 3)):
        holder, name = _place(chance, post)
        change = chance.randrange(8)
        if change == 0 and isinstance(holder, dict):
            holder.pop(name, None)
        elif change == 1 and isinstance(holder, dict):
            holder[chance.choice(("", "extra", "Features", "text", "scale", "é"))] = 1
        else:
            holder[name] = chance.choice(VALUES)
    return key, orjson.dumps(post)


def _raw(chance: random.Random, post: dict[str, Any]) -> Record:
    """Tokens that no writer of JSON writes."""
    key = _key(post)
    holder, name = _place(chance, post)
    holder[name] = _MARK
    if chance.random() < 0.3:
        holder, name = _place(chance, post)
        holder[name] = _MARK
    value = orjson.dumps(post).replace(f'"{_MARK}"'.encode(), chance.choice(RAW))
    if chance.random() < 0.2:  # the same name twice
        value = b'{"conversation_id":' + chance.choice(RAW) + b"," + value[1:]
    return key, value


def _bytes(chance: random.Random, post: dict[str, Any]) -> Record:
    """Its bytes cut, turned, doubled, or before them what should not be there."""
    value = bytearray(orjson.dumps(post))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(value))
        match chance.randrange(7):
            case 0:
                del value[at:]
            case 1:
                value[at] = chance.randrange(256)
            case 2:
                value[at] ^= 1 << chance.randrange(8)
            case 3:
                value[at:at] = value[at : at + chance.randrange(64)]
            case 4:
                del value[at : at + chance.randrange(1, 16)]
            case 5:
                value[at:at] = chance.choice((*RAW, b"{", b"[", b'"', b"\\", b"\x00"))
            case _:
                value[:0] = chance.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\n", b"}"))
        if not value:
            break
    return _key(post), bytes(value)


def _keys(chance: random.Random, post: dict[str, Any]) -> Record:
    """A valid post under a key that is not its conversation's."""
    keys = (None, b"", b"c", b"\xff\xfe", b"c0 ", b"x" * 70_000, "c0".encode("utf-16"))
    return chance.choice(keys), orjson.dumps(post)


def _no_post(chance: random.Random, post: dict[str, Any]) -> Record:
    """JSON, perhaps, but no post at all."""
    value = chance.choice((*VALUES, list(post.items()), [post], str(post), None))
    return chance.choice((None, _key(post))), chance.choice(
        (orjson.dumps(value), chance.choice(RAW), chance.randbytes(64), b"", None)
    )


def _large(chance: random.Random, post: dict[str, Any]) -> Record:
    """Much of something: depth, digits, names, rows, characters that take no room on the wire."""
    holder, name = _place(chance, post)
    key = _key(post)
    holder[name] = _MARK
    shape = chance.choice(LARGE)(chance.choice((MEBIBYTE // 4, MEBIBYTE - 8192, 2 * MEBIBYTE)))
    return key, orjson.dumps(post).replace(f'"{_MARK}"'.encode(), shape)


def _many(unit: bytes, begin: bytes, end: bytes) -> Callable[[int], bytes]:
    def made(size: int) -> bytes:
        return begin + b",".join([unit] * (size // (len(unit) + 1))) + end

    return made


LARGE: Final[Sequence[Callable[[int], bytes]]] = (
    lambda size: b"[" * size,
    lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    lambda size: b'{"a":' * (size // 5),
    lambda size: b"1" * size,
    lambda size: b"0." + b"1" * size,
    lambda size: b"1e" + b"9" * size,
    lambda size: b'"' + b"x" * size + b'"',
    lambda size: b'"' + b"A" * size + b'"',
    lambda size: b'"' + b"\\u0000" * (size // 6) + b'"',
    lambda size: b'"' + b"\\ud83d\\ude00" * (size // 12) + b'"',
    lambda size: b'"' + b"\\" * size,
    lambda size: b" " * size + b"null",
    lambda size: b"NaN," * (size // 4),
    _many(b"[]", b"[", b"]"),
    _many(b"{}", b"[", b"]"),
    _many(b"0", b"[[", b"]]"),
    _many(b"NaN", b"[[", b"]]"),
    _many(b'"a"', b"[", b"]"),
    _many(b'"":0', b"{", b"}"),
    lambda size: b"{" + b",".join(b'"%d":0' % at for at in range(size // 10)) + b"}",
    lambda size: b"[" + b",".join(b'"t%d"' % at for at in range(size // 9)) + b"]",
)
KINDS: Final[dict[str, tuple[float, Callable[[random.Random, dict[str, Any]], Record]]]] = {
    "fields": (45, _fields),
    "raw": (18, _raw),
    "bytes": (24, _bytes),
    "keys": (5, _keys),
    "no post": (7.8, _no_post),
    "large": (0.2, _large),
}


def _place(chance: random.Random, post: dict[str, Any]) -> tuple[Any, Any]:
    """Some object or list in the post, copied so that it may be changed, and a name in it."""
    holder: Any = post
    while True:
        names = list(holder) if isinstance(holder, dict) else range(len(holder))
        if not names:
            return post, "extra"
        name = chance.choice(names)
        inner = holder[name]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.3:
            return holder, name
        holder[name] = inner = inner.copy()
        holder = inner
