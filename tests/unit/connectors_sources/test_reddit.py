"""Reddit: listings as posts, and what its authors and moderators take back."""

import base64
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceRefusedError
from connectors.sources.items import Checkpoint, Item, Unusable
from connectors.sources.reddit import RedditApp, RedditSource
from tests.unit.connectors_sources.fakes import (
    has_posts,
    ids_of,
    items_until,
    posts_of,
    withdrawn_of,
)
from tests.unit.connectors_sources.http_platform import (
    Answer,
    HttpPlatform,
    Script,
    http_platform,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:BasicAuth is:DeprecationWarning", "ignore:The 'auth'"
)

TOKEN = "/api/v1/access_token"
COMMENTS = "/r/phones+python/comments"
NEW = "/r/phones+python/new"
INFO = "/api/info"
APP = RedditApp("an-id", "s3cret", "linux:voxpop-test:1 (by /u/nobody)")
GRANTED = Answer(
    {"access_token": "t0ken", "token_type": "bearer", "expires_in": 86400, "scope": "*"}
)
NOW = int(time.time())


def comment(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "t1",
        "data": {
            "id": f"c{number}",
            "name": f"t1_c{number}",
            "link_id": "t3_s1",
            "parent_id": "t3_s1",
            "author": "ann",
            "author_fullname": "t2_ann",
            "body": "I love &acme",
            "created_utc": NOW - 3600.0 + number,
            "edited": False,
            "subreddit": "phones",
        }
        | fields,
    }


def submission(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "t3",
        "data": {
            "id": f"s{number}",
            "name": f"t3_s{number}",
            "author": "bob",
            "author_fullname": "t2_bob",
            "title": "Which phone?",
            "selftext": "",
            "created_utc": NOW - 3600.0 + number,
            "edited": False,
            "subreddit": "phones",
        }
        | fields,
    }


def listing(*children: dict[str, Any], after: str | None = None, **headers: str) -> Answer:
    document = {"kind": "Listing", "data": {"after": after, "before": None, "children": children}}
    return Answer(document, headers={name.replace("_", "-"): own for name, own in headers.items()})


def source(server: HttpPlatform) -> RedditSource:
    return RedditSource(
        ["phones", "r/python"],
        APP,
        poll_s=0.01,
        backoff=Backoff(0.01, 0.05),
        reddit_url=server.url,
        oauth_url=server.url,
    )


def rounds(count: int) -> Callable[[list[Item]], bool]:
    return lambda items: sum(isinstance(own, Checkpoint) for own in items) >= count


async def test_comments_and_submissions_keep_their_words_time_author_and_thread() -> None:
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing(comment(2, parent_id="t1_c1"), comment(1))],
        NEW: [listing(submission(1, selftext="I need one."))],
    }
    async with http_platform(answers) as server:
        first, second, third = posts_of(await items_until(source(server), has_posts(3)))
    assert (first.post_id, first.parent_id) == ("reddit:t1_c1", "reddit:t3_s1")
    assert (second.post_id, second.parent_id) == ("reddit:t1_c2", "reddit:t1_c1")
    assert {post.conversation_id for post in (first, second, third)} == {"reddit:t3_s1"}
    assert (third.post_id, third.text) == ("reddit:t3_s1", "Which phone?\nI need one.")
    assert (first.author_id, first.created_at) == ("reddit:t2_ann", NOW - 3599.0)
    granted = server.asked_of(TOKEN)[0]
    expected = base64.b64encode(b"an-id:s3cret").decode()
    assert granted.headers["authorization"] == f"Basic {expected}"
    assert "grant_type=client_credentials" in granted.body
    asked = server.asked_of(COMMENTS)[0]
    assert asked.headers["authorization"] == "bearer t0ken"
    assert asked.headers["user-agent"].startswith(APP.user_agent)


async def test_each_round_takes_only_what_is_new_however_many_pages_that_are() -> None:
    page = [comment(number) for number in range(5, 0, -1)]
    more = [comment(number) for number in range(205, 5, -1)]
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [
            listing(*page, after="t1_c1"),
            listing(*more[:100], after="t1_c106"),
            listing(*more[100:], after="t1_c6"),
            listing(*page),
            listing(*more[:100], after="t1_c106"),
        ],
        NEW: [listing()],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), rounds(3))
    assert ids_of(items) == [f"reddit:t1_c{number}" for number in range(1, 206)]
    after = [asked.query.get("after") for asked in server.asked_of(COMMENTS)]
    assert after[:4] == [None, None, "t1_c106", "t1_c6"]


async def test_deletions_removals_and_edits_are_found_and_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.sources.recheck.FIRST_LOOK_S", 0.0)
    ago = {"created_utc": NOW + 1e6}  # as young as can be: due in each round
    things = [comment(number, **ago) for number in range(1, 6)]
    now = [
        comment(1, **ago),
        comment(2, body="changed", edited=NOW + 1.0, **ago),
        comment(3, body="[removed]", **ago),
        comment(4, body="[deleted]", author="[deleted]", **ago),
    ]
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing(*things), listing()],
        NEW: [listing()],
        INFO: [listing(*things), listing(*now)],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), lambda own: len(withdrawn_of(own)) >= 4)
    assert withdrawn_of(items) == {
        "reddit:t1_c2": "edited",
        "reddit:t1_c3": "deleted",
        "reddit:t1_c4": "deleted",
        "reddit:t1_c5": "deleted",
    }
    asked = server.asked_of(INFO)[0].query["id"].split(",")
    assert sorted(asked) == [f"t1_c{number}" for number in range(1, 6)]


async def test_only_posts_that_were_taken_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.sources.recheck.FIRST_LOOK_S", 0.0)
    ago = {"created_utc": NOW + 1e6}
    things = [comment(number, **ago) for number in (1, 2)]
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing(*things), listing()],
        NEW: [listing()],
        INFO: [listing()],
    }
    async with http_platform(answers) as server:
        items = await items_until(
            source(server), rounds(2), takes=lambda post: post.post_id == "reddit:t1_c2"
        )
    assert withdrawn_of(items) == {"reddit:t1_c2": "deleted"}


async def test_a_submission_that_is_a_picture_names_it() -> None:
    own, elsewhere = "https://i.redd.it/a1.jpeg", "https://example.org/b.png"
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing()],
        NEW: [
            listing(
                submission(2, url=elsewhere, post_hint="image"),
                submission(1, url=own, post_hint="image"),
            )
        ],
    }
    async with http_platform(answers) as server:
        picture, link = posts_of(await items_until(source(server), has_posts(2)))
    assert [(each.kind, each.url) for each in picture.media] == [("image", own)]
    assert not link.media


async def test_what_is_gone_or_of_another_form_makes_no_post_and_ends_nothing() -> None:
    odd = {"kind": "t1", "data": {"name": "t1_c3", "created_utc": NOW - 3600.0}}
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing(comment(2, body="[deleted]", author="[deleted]"), odd, comment(1))],
        NEW: [listing()],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), rounds(1))
    assert ids_of(items) == ["reddit:t1_c1"]
    assert sum(isinstance(own, Unusable) for own in items) == 2


async def test_the_next_run_goes_on_behind_the_cursor() -> None:
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [listing(comment(1)), listing(comment(2), comment(1), comment(-100))],
        NEW: [listing()],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), rounds(1))
        cursor = next(own.cursor for own in items if isinstance(own, Checkpoint))
        items = await items_until(source(server), rounds(1), cursor)
    assert ids_of(items) == ["reddit:t1_c2"]


async def test_rate_limits_are_kept_and_failures_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spent = {"x_ratelimit_remaining": "0", "x_ratelimit_used": "600", "x_ratelimit_reset": "1"}
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [
            Answer(status=429, headers={"Retry-After": "1"}),
            Answer("<html>busy</html>"),
            listing(comment(1), **spent),
        ],
        NEW: [listing(submission(1))],
    }
    async with http_platform(answers) as server:
        with caplog.at_level(logging.WARNING):
            items = await items_until(source(server), rounds(1))
    assert ids_of(items) == ["reddit:t1_c1", "reddit:t3_s1"]
    waits = [message for message in caplog.messages if "again in" in message]
    assert "HTTP 429; again in 1.0" in waits[0]
    assert "again in 0.0" in waits[1]
    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text


async def test_an_expired_token_is_renewed() -> None:
    answers: Script = {
        TOKEN: [GRANTED],
        COMMENTS: [Answer(status=401), listing(comment(1))],
        NEW: [listing()],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), rounds(1))
    assert ids_of(items) == ["reddit:t1_c1"]
    assert len(server.asked_of(TOKEN)) == 2


@pytest.mark.parametrize(
    ("token", "answer", "told"),
    [
        (Answer({"error": 401}, 401), Answer(), "VOXPOP_REDDIT_CLIENT_ID"),
        (Answer({"error": "unsupported_grant_type"}), Answer(), "VOXPOP_REDDIT_CLIENT_ID"),
        (GRANTED, Answer(status=403), "public"),
        (GRANTED, Answer(status=404), "public"),
        (GRANTED, Answer(status=302, headers={"Location": "/subreddits/search"}), "public"),
    ],
)
async def test_a_refusal_ends_the_source_with_a_remedy(
    token: Answer, answer: Answer, told: str
) -> None:
    async with http_platform({TOKEN: [token], COMMENTS: [answer]}) as server:
        with pytest.raises(SourceRefusedError, match=told):
            await items_until(source(server), rounds(1))


def test_the_secret_is_not_shown() -> None:
    assert "s3cret" not in repr(APP)
