"""A file of tracks is read; its faults are named with line and column, all at once."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connectors.tracks.errors import TracksError
from connectors.tracks.file import load_rules, source_index

GOOD = """\
# what we follow
tracks:
  acme: '"acme phone" OR #acme'
  globex: globex lang:en
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "tracks.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TracksError) as caught:
        load_rules(path)
    return [str(own).removeprefix(f"{path}:") for own in caught.value.problems]


def test_tracks_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tracks.yaml"
    path.write_text(GOOD)
    assert load_rules(path).tracks == ("acme", "globex")


def test_every_fault_is_named_at_its_place(tmp_path: Path) -> None:
    text = GOOD + "  x{y}: a\n  acme: b\n  bad: a AND\n  list: [a, b]\n"
    found = problems(tmp_path, text)
    assert [own.split(": ")[0] for own in found] == ["5:3", "6:3", "7:13", "8:9"]
    assert "no braces" in found[0]
    assert "there twice" in found[1]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("a OR (b", "2:11"),
        ("'it''s OR (b'", "2:16"),
        ('"a OR (b"', "2:12"),
        ("|\n    a OR\n    b OR (c", "4:10"),
        (">\n    a OR\n\n    b (c", "5:7"),
        ("a OR\n      b (c", "3:9"),
        ('"a\\u0020OR (b"', "2:8"),
    ],
)
def test_a_fault_in_a_query_is_where_it_stands_in_the_file(
    tmp_path: Path, query: str, place: str
) -> None:
    [found] = problems(tmp_path, f"tracks:\n  t: {query}\n")
    assert found.startswith(f"{place}: this parenthesis"), found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1:1: is no list of names"),
        ("tracks:\n  a: [\n", "3:1: is no YAML"),
        ("tracks: acme", "1:9: is no list of names"),
        ("trakcs:\n  a: b\n", "1:1: 'trakcs' is not known here"),
        ("tracks:\n  a: ''\n", "2:7: the query is empty"),
    ],
)
def test_a_file_that_is_no_list_of_tracks_says_how_to_write_one(
    tmp_path: Path, text: str, says: str
) -> None:
    assert any(own.startswith(says) for own in problems(tmp_path, text))


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(TracksError, match="VOXPOP_TRACKS"):
        load_rules(tmp_path / "none.yaml")
    path = tmp_path / "tracks.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TracksError, match="no UTF-8"):
        load_rules(path)


@given(
    value=st.lists(st.sampled_from(["a", "b c", "it's", "東京", "(", "  "]), min_size=1).map(
        " ".join
    ),
    style=st.sampled_from(["'", '"', "|", ">"]),
)
def test_every_visible_character_is_found_in_the_file(value: str, style: str) -> None:
    text = yaml.dump({"tracks": {"t": value}}, default_style=style, width=20, allow_unicode=True)
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    assert document is not None
    node = document.value[0][1].value[0][1]
    if "\\" in text:
        return
    for position, character in enumerate(node.value):
        if not character.isspace():
            assert text[source_index(text, node, position)] == character
