"""Data sets named by `--data` options."""

from pathlib import Path

import pytest

from stream_app.cli.errors import CliError
from stream_app.cli.labelled_data import named_sources


def test_a_data_set_is_named_with_its_file_and_what_lies_beside_it() -> None:
    first, second = named_sources(["meld=a.csv", "goemotions=g.parquet", "meld.features=b.npz"])
    assert (first.kind, first.path, first.features) == ("meld", Path("a.csv"), Path("b.npz"))
    assert (second.kind, second.path, second.features) == (
        "goemotions",
        Path("g.parquet"),
        None,
    )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("meld", "must be NAME=PATH"),
        ("=a.csv", "must be NAME=PATH"),
        ("meld.audio=a.npz", "must be NAME=PATH"),
        ("meld.features=a.npz", "--data meld=PATH is not"),
        ("imdb=a.csv", "imdb=a.csv: Input should be 'meld'"),
    ],
)
def test_an_option_that_names_no_data_set_says_so(option: str, said: str) -> None:
    with pytest.raises(CliError, match=said) as caught:
        named_sources([option])
    assert caught.value.exit_code == 2
