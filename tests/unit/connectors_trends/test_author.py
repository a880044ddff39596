"""Authors are known by a salted hash or not at all."""

import pytest

from connectors.schemas.author import AuthorHasher

SALT = "a salt of a test"


def test_an_author_has_one_hash_under_a_salt_and_another_under_another() -> None:
    one, other = AuthorHasher(SALT), AuthorHasher(SALT + "!")
    assert one.hashed("anna") == AuthorHasher(SALT).hashed("anna")
    assert len({one.hashed("anna"), other.hashed("anna"), one.hashed("bob")}) == 3


def test_a_hash_does_not_show_the_id() -> None:
    hashed = AuthorHasher(SALT).hashed("anna")
    assert hashed is not None
    assert len(hashed) == 16
    assert "anna" not in bytes.fromhex(hashed).decode("latin-1")


def test_without_a_salt_or_an_id_no_author_is_known() -> None:
    assert AuthorHasher(None).hashed("anna") is None
    assert AuthorHasher(SALT).hashed(None) is None


def test_a_short_salt_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="16 or more") as refused:
        AuthorHasher("s3cret")
    assert "s3cret" not in str(refused.value)
