"""HyperLogLog as Redis keeps it: which register an element raises, and the registers of a value.

For the recount, which compares registers and not estimates; counting is left to `PFCOUNT`. Pure.

Source: Flajolet et al. 2007; Redis' `hyperloglog.c` for the hash, the registers and both encodings.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Final

REGISTER_BITS: Final = 14
REGISTERS: Final = 1 << REGISTER_BITS
_HASH_BITS: Final = 64
_MASK: Final = (1 << _HASH_BITS) - 1
_SEED: Final = 0xADC83B19
_MULTIPLIER: Final = 0xC6A4A7935BD1E995
_SHIFT: Final = 47
_WORD: Final = 8
_HEADER_BYTES: Final = 16
_DENSE: Final = 0
_SPARSE: Final = 1
_MOST_SPARSE_BYTES: Final = 3000  # `hll-sparse-max-bytes`
_MOST_SPARSE_RANK: Final = 32
_NO_ESTIMATE: Final = bytes(7) + b"\x80"  # the highest bit says that none is kept
_FEW: Final = 1024  # registers that a dictionary holds in less than an array of all


class Distinct:
    """The registers that elements raise."""

    __slots__ = ("_ranks",)

    def __init__(self) -> None:
        self._ranks: dict[int, int] | bytearray = {}

    def __bool__(self) -> bool:
        return bool(self._ranks)

    def update(self, elements: Iterable[str]) -> None:
        """Put elements in; again without effect."""
        for element in elements:
            self._raise(*place(element))

    def merge(self, other: "Distinct") -> None:
        """Put in what another holds."""
        ranks = other._ranks
        for register, rank in ranks.items() if isinstance(ranks, dict) else enumerate(ranks):
            self._raise(register, rank)

    def _raise(self, register: int, rank: int) -> None:
        ranks = self._ranks
        held = ranks[register] if isinstance(ranks, bytearray) else ranks.get(register, 0)
        if rank > held:
            ranks[register] = rank
            if isinstance(ranks, dict) and len(ranks) > _FEW:
                self._ranks = bytearray(self.registers())

    def registers(self) -> bytes:
        """All 16,384."""
        if isinstance(self._ranks, bytearray):
            return bytes(self._ranks)
        registers = bytearray(REGISTERS)
        for register, rank in self._ranks.items():
            registers[register] = rank
        return bytes(registers)


@lru_cache(maxsize=1 << 17)
def place(element: str) -> tuple[int, int]:
    """The register of an element and the rank that it raises it to.

    Args:
        element: ASCII, a multiple of eight characters.
    """
    hashed = _murmur(element.encode("ascii"))
    rest = hashed >> REGISTER_BITS | 1 << (_HASH_BITS - REGISTER_BITS)
    return hashed & (REGISTERS - 1), (rest & -rest).bit_length()


def registers_of(value: bytes | None) -> bytes:
    """The registers of a Redis value, all 0 where there is none.

    Raises:
        ValueError: it is no HyperLogLog.
    """
    if value is None:
        return bytes(REGISTERS)
    if value[:4] != b"HYLL" or len(value) < _HEADER_BYTES:
        raise ValueError(f"no HyperLogLog: it begins with {value[:16]!r}")
    body = value[_HEADER_BYTES:]
    registers = _dense(body) if value[4] == _DENSE else _sparse(body)
    if len(registers) != REGISTERS:
        raise ValueError(f"damaged HyperLogLog: {len(registers)} registers, not {REGISTERS}")
    return registers


def value_of(registers: bytes) -> bytes:
    """A Redis value of these registers, as small as Redis would keep it; its estimate is not made.

    Args:
        registers: all 16,384.
    """
    body = _as_sparse(registers)
    encoding = _SPARSE
    if body is None or len(body) > _MOST_SPARSE_BYTES:
        body, encoding = _as_dense(registers), _DENSE
    return b"HYLL" + bytes((encoding, 0, 0, 0)) + _NO_ESTIMATE + body


def _as_dense(registers: bytes) -> bytearray:
    body = bytearray()
    for at in range(0, REGISTERS, 4):
        first, second, third, fourth = registers[at : at + 4]
        body += (first | second << 6 | third << 12 | fourth << 18).to_bytes(3, "little")
    return body


def _as_sparse(registers: bytes) -> bytearray | None:
    """None: a rank is too high for this encoding."""
    body = bytearray()
    for rank, run in groupby(registers):
        if rank > _MOST_SPARSE_RANK:
            return None
        left = sum(1 for _ in run)
        while left:
            taken = min(left, 4 if rank else REGISTERS)
            if rank:
                body.append(0x80 | rank - 1 << 2 | taken - 1)
            elif taken <= 64:
                body.append(taken - 1)
            else:
                body += (0x4000 | taken - 1).to_bytes(2, "big")
            left -= taken
    return body


def _dense(body: bytes) -> bytes:
    """Six bits a register, the lowest first: three bytes hold four."""
    registers = bytearray()
    for at in range(0, len(body) - 2, 3):
        word = int.from_bytes(body[at : at + 3], "little")
        registers += bytes((word & 63, word >> 6 & 63, word >> 12 & 63, word >> 18))
    return bytes(registers)


def _sparse(body: bytes) -> bytes:
    """Runs: 00nnnnnn zeros, 01nnnnnn nnnnnnnn more zeros, 1vvvvvnn a value; all less 1."""
    registers = bytearray()
    at = 0
    while at < len(body):
        code = body[at]
        if code & 0x80:
            registers += bytes(((code >> 2 & 31) + 1,)) * ((code & 3) + 1)
        elif code & 0x40:
            at += 1
            registers += bytes(((code & 63) << 8 | body[at]) + 1)
        else:
            registers += bytes(code + 1)
        at += 1
    return bytes(registers)


def _murmur(data: bytes) -> int:
    """MurmurHash64A of whole words."""
    if len(data) % _WORD:
        raise ValueError(f"{len(data)} characters: an element has a multiple of {_WORD}")
    hashed = _SEED ^ len(data) * _MULTIPLIER & _MASK
    for at in range(0, len(data), _WORD):
        word = int.from_bytes(data[at : at + _WORD], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> _SHIFT) * _MULTIPLIER & _MASK
        hashed = (hashed ^ word) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> _SHIFT) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> _SHIFT
