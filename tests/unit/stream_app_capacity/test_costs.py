"""A file of costs comes back as it was written, and one that is not whole is refused."""

from pathlib import Path

import pytest

from stream_app.capacity.costs import NAMES, CostsError, read_costs, write_costs


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = read_costs()
    write_costs(tmp_path / "costs.toml", file)
    again = read_costs(tmp_path / "costs.toml")
    assert again.origins == file.origins
    for name in NAMES:
        assert getattr(again.costs, name) == pytest.approx(getattr(file.costs, name), rel=1e-5)


def test_every_shipped_cost_says_what_measured_it_or_that_nothing_did() -> None:
    for name, origin in read_costs().origins.items():
        assert origin.source, name
        assert origin.machine or "calibrate" not in origin.source, name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("[loop_post_ms]", "[loop_pst_ms]"), "loop_post_ms, loop_pst_ms"),
        (lambda text: text.replace("value = ", "valu = ", 1), r"\[loop_batch_ms\] needs a `value`"),
        (lambda text: text.replace("ost_ms]\nvalue = ", "ost_ms]\nvalue = -", 1), "loop_post_ms"),
        (lambda text: text.replace("value = ", 'value = "', 1), "costs.toml"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_says_how_to_make_it(
    tmp_path: Path, change: object, says: str
) -> None:
    assert callable(change)
    path = tmp_path / "costs.toml"
    write_costs(path, read_costs())
    path.write_text(change(path.read_text()))
    with pytest.raises(CostsError, match=says):
        read_costs(path)


def test_a_missing_file_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(CostsError, match="voxpop bench calibrate"):
        read_costs(tmp_path / "none.toml")
