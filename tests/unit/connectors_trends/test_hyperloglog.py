"""Registers are those that a real Redis or Valkey sets, in both of its encodings."""

import pytest
import redis.asyncio

from connectors.trends.counting import element
from connectors.trends.hyperloglog import REGISTERS, Distinct, place, registers_of, value_of


@pytest.mark.parametrize("elements", [0, 1, 40, 3000, 30_000])
async def test_registers_are_those_of_the_server(
    elements: int, valkey: redis.asyncio.Redis, namespace: str
) -> None:
    added = [element(f"conversation {at}") for at in range(elements)]
    key = f"{namespace}:distinct"
    for first in range(0, elements, 1000):
        await valkey.pfadd(key, *added[first : first + 1000])
    distinct = Distinct()
    distinct.update([*added, *added[:10]])
    value = await valkey.get(key)
    assert not isinstance(value, str)
    assert distinct.registers() == registers_of(value)


@pytest.mark.parametrize("sizes", [(5, 9), (9, 4000), (4000, 9), (4000, 4000)])
def test_merged_registers_are_those_of_all_elements(sizes: tuple[int, int]) -> None:
    parts = [[element(f"{part} {at}") for at in range(size)] for part, size in enumerate(sizes)]
    one, other, together = Distinct(), Distinct(), Distinct()
    one.update(parts[0])
    other.update(parts[1])
    one.merge(other)
    together.update([*parts[0], *parts[1]])
    assert one.registers() == together.registers()


def test_no_value_has_no_register_set() -> None:
    assert registers_of(None) == bytes(REGISTERS)


def test_what_is_no_hyperloglog_is_refused() -> None:
    with pytest.raises(ValueError, match="no HyperLogLog"):
        registers_of(b"a string")
    with pytest.raises(ValueError, match="damaged"):
        registers_of(b"HYLL\x01" + bytes(11) + b"\x00")


def test_an_element_of_broken_words_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        place("abc")


@pytest.mark.parametrize("elements", [0, 1, 5, 300, 5000, 200_000])
async def test_registers_make_a_value_that_the_server_takes(
    elements: int, valkey: redis.asyncio.Redis, namespace: str
) -> None:
    distinct = Distinct()
    distinct.update(f"{at:016x}" for at in range(elements))
    registers = distinct.registers()
    assert registers_of(value_of(registers)) == registers
    made, merged = f"{namespace}:made", f"{namespace}:merged"
    await valkey.set(made, value_of(registers))
    await valkey.pfmerge(merged, made)
    value = await valkey.get(merged)
    assert isinstance(value, bytes)
    assert registers_of(value) == registers
    assert abs(await valkey.pfcount(made) - elements) <= 0.03 * elements


def test_a_rank_that_no_sparse_value_holds_is_kept() -> None:
    registers = bytes(5) + bytes((51,)) + bytes(REGISTERS - 6)
    assert registers_of(value_of(registers)) == registers
