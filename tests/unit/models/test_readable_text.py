"""The encoder reads words and emoji, not addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.readable_text import readable_text


@pytest.mark.parametrize(
    ("posted", "read"),
    [
        ("so good https://t.co/aB3dE", "so good"),
        ("look (https://example.com/a_b?c=d#e) now", "look () now"),
        ("WWW.Example.com is down again!", "is down again!"),
        ("two https://a.example/x http://b.example, really", "two , really"),
        ("https://t.co/aB3dE", ""),
        ("@jane @acme_official: never again 😡", "never again 😡"),
        ("@jane@social.example hi", "hi"),
        ("thanks @jane.doe, that helped", "thanks jane.doe, that helped"),
        ("write to me@example.com", "write to me@example.com"),
        ("at 5 @ the station @11:22", "at 5 @ the station @11:22"),
        ("Awwww.. so cute", "Awwww.. so cute"),
        ("and/or  both", "and/or both"),
        ("first line @bob\nsecond line", "first line bob\nsecond line"),
    ],
)
def test_addresses_leave_and_handles_are_names(posted: str, read: str) -> None:
    assert readable_text(posted) == read


@given(st.text(alphabet=st.characters(exclude_characters="@/."), max_size=80))
def test_a_text_without_addresses_stays_as_it_is(text: str) -> None:
    assert readable_text(text) == text


@given(st.text(alphabet="ab@/.: wht ps\n", max_size=60))
def test_reading_again_what_was_read_ends_and_never_grows(text: str) -> None:
    assert len(readable_text(text)) <= len(text)
