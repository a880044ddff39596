"""Tokens of the HTTP API."""

import pytest

from connectors.http.tokens import find_token, parse_tokens, permits

READ, ADMIN = "r" * 16, "a" * 20


def test_a_token_is_found_by_its_secret_alone() -> None:
    tokens = parse_tokens(f"read:{READ}, admin:{ADMIN}")
    found = find_token(tokens, f"Bearer {ADMIN}")
    assert found is not None
    assert found.scope == "admin"
    assert find_token(tokens, f"bearer {READ}") == tokens[0]


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", f"Bearer {READ}x", f"Basic {READ}", READ, "Bearer \udc80"]
)
def test_nobody_else_is_let_in(header: str | None) -> None:
    assert find_token(parse_tokens(f"read:{READ}"), header) is None


def test_admin_may_what_read_may_and_not_the_other_way() -> None:
    read, admin = parse_tokens(f"read:{READ},admin:{ADMIN}")
    assert permits(admin, "read")
    assert permits(read, "read")
    assert not permits(read, "admin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{READ}", "token 1 has no scope"),
        (f"read:{READ},write:{ADMIN}", "token 2 has no scope"),
        ("read:tooshort", "under 16 characters"),
    ],
)
def test_a_malformed_list_is_refused_without_showing_a_secret(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        parse_tokens(text)
    assert not any(secret in str(raised.value) for secret in (READ, ADMIN, "tooshort"))


def test_a_token_shows_nothing_of_its_secret() -> None:
    (token,) = parse_tokens(f"read:{READ}")
    assert READ not in f"{token!r} {token.caller}"
