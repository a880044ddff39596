"""docs/scaling.md holds what its command writes, and parts are filled where they stand."""

import pytest

from stream_app.capacity.blocks import BlockMissingError, block, filled, table
from stream_app.capacity.costs import read_costs
from stream_app.capacity.page import PAGE, PARTS, PLOT

TEXT = "before\n<!-- part: `a command` -->\nold\n<!-- end of part -->\nafter\n"


def test_a_part_is_filled_and_the_rest_stays() -> None:
    new = filled(TEXT, "part", r"with \1 in it")
    assert block(new, "part") == r"with \1 in it"
    assert new.startswith("before\n<!-- part: `a command` -->\n")
    assert new.endswith("<!-- end of part -->\nafter\n")


def test_a_page_without_the_part_is_refused() -> None:
    with pytest.raises(BlockMissingError, match="another"):
        filled(TEXT, "another", "x")


def test_figures_stand_on_the_right() -> None:
    assert table(["a", "b"], [["x", "1"]]).splitlines()[1] == "|---| ---: |"


@pytest.mark.parametrize("name", PARTS)
def test_the_page_holds_the_figures_of_the_shipped_costs(name: str) -> None:
    """Else run `python -m stream_app.capacity.page`."""
    assert block(PAGE.read_text(), name) == PARTS[name](read_costs())
    assert PLOT.name in PAGE.read_text()
    assert PLOT.exists()
