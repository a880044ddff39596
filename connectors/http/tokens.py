"""Who may ask for what: tokens with a scope, compared in constant time. Pure."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, get_args

Scope = Literal["read", "admin"]
SHORTEST: Final = 16


@dataclass(frozen=True, slots=True)
class Token:
    """A token's scope and the hash of its secret; the secret itself is not kept."""

    scope: Scope
    hashed: bytes = field(repr=False)

    @property
    def caller(self) -> str:
        """A name for the caller that tells nothing about the secret."""
        return f"token-{self.hashed[:6].hex()}"


def parse_tokens(text: str) -> list[Token]:
    """Tokens of a list such as `read:SECRET,admin:SECRET`.

    Raises:
        ValueError: an entry has no known scope or a secret under 16 characters; the message
            names its place and nothing of the secret.
    """
    tokens = []
    for place, entry in enumerate(filter(None, map(str.strip, text.split(","))), start=1):
        scope, _, secret = entry.partition(":")
        known = next((each for each in get_args(Scope) if each == scope), None)
        if known is None:
            raise ValueError(f"token {place} has no scope: write read:SECRET or admin:SECRET")
        if len(secret) < SHORTEST:
            raise ValueError(f"the secret of token {place} is under {SHORTEST} characters")
        tokens.append(Token(known, _hashed(secret)))
    return tokens


def find_token(tokens: Sequence[Token], authorization: str | None) -> Token | None:
    """The token of an `Authorization: Bearer` header; takes as long whether there is one or not.

    Args:
        tokens: those that are accepted.
        authorization: the header's value; None where it is missing.
    """
    scheme, _, secret = (authorization or "").partition(" ")
    given = _hashed(secret.strip())
    found = None
    for token in tokens:
        if hmac.compare_digest(token.hashed, given) and scheme.casefold() == "bearer":
            found = token
    return found


def permits(token: Token, scope: Scope) -> bool:
    """Whether a token may do what a scope allows; admin may all that read may."""
    return token.scope in {"admin", scope}


def _hashed(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()
