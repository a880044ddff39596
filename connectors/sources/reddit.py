"""Reddit: new submissions and comments of subreddits, by its OAuth API.

Source: reddit.com/dev/api (listings, /api/info) and the wiki page "OAuth2" of its archived
repository; tokens and rate limits are kept by asyncprawcore.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from asyncprawcore import ReadOnlyAuthorizer, Requestor, Session, TrustedAuthenticator
from asyncprawcore.exceptions import (
    AsyncPrawcoreException,
    Forbidden,
    InvalidToken,
    NotFound,
    OAuthException,
    Redirect,
    ResponseException,
    TooManyRequests,
)

from connectors.schemas.post import RawPost
from connectors.sources.attachments import attachments
from connectors.sources.backoff import Backoff
from connectors.sources.endpoints import REDDIT, REDDIT_OAUTH
from connectors.sources.errors import SourceRefusedError
from connectors.sources.frontier import Frontier
from connectors.sources.items import (
    Checkpoint,
    Cursor,
    Item,
    Unusable,
    Withdrawn,
    raw_post,
    readable,
)
from connectors.sources.pausing import pause
from connectors.sources.recheck import Recheck

logger = logging.getLogger(__name__)

PAGE: Final = 100
MOST_PAGES: Final = 10  # a listing ends at a thousand
LISTINGS: Final = ("comments", "new")
PICTURES: Final = "https://i.redd.it/"
GONE: Final = ("[deleted]", "[removed]")
UNAUTHORIZED: Final = 401
REFUSED: Final = (
    "Reddit does not know this application: check VOXPOP_REDDIT_CLIENT_ID and "
    "VOXPOP_REDDIT_CLIENT_SECRET"
)


@dataclass(frozen=True, slots=True)
class RedditApp:
    """An application that was registered at reddit.com/prefs/apps.

    Attributes:
        user_agent: `platform:application:version (by /u/name)`, as Reddit asks.
    """

    client_id: str
    client_secret: str = field(repr=False)
    user_agent: str = ""


class RedditSource:
    """New comments and submissions of some subreddits.

    A conversation is a submission with its comments. The cursor holds how far each
    listing is read. Posts are looked at again for a month, since Reddit does not tell of deletions
    and edits.

    Args:
        subreddits: names without `r/`.
        app: its credentials.
        poll_s: seconds between two looks at the listings.
        backoff: waits between two tries of a request that fails.
        reddit_url: where tokens are given.
        oauth_url: where the API is.
    """

    name = "reddit"

    def __init__(
        self,
        subreddits: Sequence[str],
        app: RedditApp,
        *,
        poll_s: float = 10.0,
        backoff: Backoff | None = None,
        reddit_url: str = REDDIT,
        oauth_url: str = REDDIT_OAUTH,
    ) -> None:
        self._names = "+".join(name.removeprefix("r/") for name in subreddits)
        self._app = app
        self._poll_s = poll_s
        self._backoff = backoff or Backoff()
        self._reddit_url = reddit_url
        self._oauth_url = oauth_url
        self._frontiers = {listing: Frontier() for listing in LISTINGS}
        self._recheck = Recheck()

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: Reddit refuses the application, or has no such subreddit.
        """
        if cursor is not None:
            self._frontiers = {own: Frontier.load(cursor["listings"][own]) for own in LISTINGS}
            self._recheck.load(cursor["recheck"])
        async with self._session() as session:
            while True:
                for listing in LISTINGS:
                    for thing in await self._news(session, listing):
                        yield readable("a thing of Reddit", self._post, thing)
                self._recheck.keep_taken()
                for item in await self._looked_again(session):
                    yield item
                listings = {own: frontier.dump() for own, frontier in self._frontiers.items()}
                state = {"listings": listings, "recheck": self._recheck.dump()}
                yield Checkpoint(state, time.time())
                await asyncio.sleep(self._poll_s)

    def taken(self, post: RawPost) -> None:
        """See `Watching`."""
        self._recheck.take(post.post_id.removeprefix("reddit:"))

    def _session(self) -> Session:
        requestor = Requestor(
            user_agent=self._app.user_agent,
            reddit_url=self._reddit_url,
            oauth_url=self._oauth_url,
        )
        authenticator = TrustedAuthenticator(
            client_id=self._app.client_id,
            client_secret=self._app.client_secret,
            requestor=requestor,
        )
        return Session(authorizer=ReadOnlyAuthorizer(authenticator=authenticator))

    async def _news(self, session: Session, listing: str) -> list[dict[str, Any]]:
        """Things of a listing that are new since the last look, the oldest first."""
        frontier = self._frontiers[listing]
        found: list[dict[str, Any]] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            params = {"limit": PAGE, "raw_json": 1, "after": after}
            page = (await self._get(session, f"r/{self._names}/{listing}", params))["data"]
            things = [child["data"] for child in page["children"]]
            found += things
            after = page["after"]
            past = any(frontier.is_past(thing["created_utc"]) for thing in things)
            if past or after is None or not frontier.began:
                break
        else:
            logger.warning("r/%s: more came than a listing holds; some is missing", self._names)
        new = [own for own in reversed(found) if frontier.is_new(own["name"], own["created_utc"])]
        frontier.meet((own["name"], own["created_utc"]) for own in new)
        return new

    async def _looked_again(self, session: Session) -> list[Item]:
        ids = self._recheck.due(time.time(), PAGE)
        if not ids:
            return []
        answer = await self._get(session, "api/info", {"id": ",".join(ids), "raw_json": 1})
        found = {child["data"]["name"]: child["data"] for child in answer["data"]["children"]}
        return list(self._changes(ids, found))

    def _changes(self, ids: list[str], found: dict[str, dict[str, Any]]) -> Iterator[Item]:
        for own in ids:
            thing = found.get(own)
            if thing is None or is_gone(thing):
                self._recheck.forget(own)
                yield Withdrawn(f"reddit:{own}", "deleted")
            elif self._recheck.changed(own, str(thing["edited"]), time.time()) is not None:
                yield Withdrawn(f"reddit:{own}", "edited")

    def _post(self, thing: dict[str, Any]) -> RawPost | Unusable:
        if is_gone(thing):
            return Unusable("it was deleted before it was read")
        self._recheck.watch(thing["name"], thing["created_utc"], str(thing["edited"]), time.time())
        author = thing.get("author_fullname")
        parent = thing.get("parent_id")
        words = (thing.get("title"), thing.get("selftext"), thing.get("body"))
        return raw_post(
            post_id=f"reddit:{thing['name']}",
            conversation_id=f"reddit:{thing.get('link_id') or thing['name']}",
            parent_id=f"reddit:{parent}" if parent else None,
            author_id=f"reddit:{author}" if author else None,
            platform="reddit",
            created_at=thing["created_utc"],
            text="\n".join(filter(None, words)),
            media=attachments(_pictures(thing)),
        )

    async def _get(self, session: Session, path: str, params: Mapping[str, object]) -> Any:
        """The answer to a question, asked until there is one.

        Raises:
            SourceRefusedError: there will be none.
        """
        while True:
            asked_s = 0.0
            try:
                answer = await session.request(method="GET", path=path, params=params)
            except TooManyRequests as error:
                asked_s = float(error.retry_after or 0)
                why = "HTTP 429"
            except (Forbidden, NotFound, Redirect) as error:
                raise SourceRefusedError(
                    f"Reddit: r/{self._names} cannot be read ({error}): is each of these "
                    "subreddits there, and public?"
                ) from error
            except (InvalidToken, OAuthException) as error:
                raise SourceRefusedError(REFUSED) from error
            except AsyncPrawcoreException as error:
                if isinstance(error, ResponseException) and error.response.status == UNAUTHORIZED:
                    raise SourceRefusedError(REFUSED) from error
                why = str(error)
            else:
                self._backoff.reset()
                return answer
            await pause(self._backoff, f"{self._oauth_url}/{path}", why, asked_s)


def _pictures(thing: dict[str, Any]) -> Iterator[tuple[str, Any, None]]:
    """The picture that a submission is, where it lies with Reddit; not those of galleries."""
    if thing.get("post_hint") == "image" and str(thing["url"]).startswith(PICTURES):
        yield "image", thing["url"], None


def is_gone(thing: dict[str, Any]) -> bool:
    """Whether a thing was deleted by its author or removed by a moderator."""
    words = thing.get("body", thing.get("selftext"))
    return words in GONE or thing.get("author") in {None, *GONE}
