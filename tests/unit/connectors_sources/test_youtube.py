"""YouTube: threads and replies as posts, quotas, and what disappears."""

import logging
from typing import Any

import pytest

from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceRefusedError
from connectors.sources.items import Checkpoint, Item
from connectors.sources.youtube import YouTubeSource
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

THREADS = "/commentThreads"
REPLIES = "/comments"
PLENTY = 10**12  # units a day


def comment(name: str, minute: int, **fields: Any) -> dict[str, Any]:
    made = f"2025-11-24T16:{minute:02}:00Z"
    return {
        "kind": "youtube#comment",
        "etag": "x",
        "id": name,
        "snippet": {
            "videoId": "v1",
            "textDisplay": "I love acme",
            "textOriginal": "I love acme",
            "authorDisplayName": "@ann",
            "authorChannelId": {"value": "UCann"},
            "likeCount": 0,
            "publishedAt": made,
            "updatedAt": made,
        }
        | fields,
    }


def reply(name: str, minute: int, **fields: Any) -> dict[str, Any]:
    parent = name.partition(".")[0]
    return comment(name, minute, parentId=parent, **fields)


def thread(
    name: str, minute: int, replies: list[dict[str, Any]] | None = None, count: int = 0, **top: Any
) -> dict[str, Any]:
    held = replies or []
    return {
        "kind": "youtube#commentThread",
        "etag": "x",
        "id": name,
        "snippet": {
            "videoId": "v1",
            "topLevelComment": comment(name, minute, **top),
            "canReply": True,
            "totalReplyCount": max(count, len(held)),
            "isPublic": True,
        },
    } | ({"replies": {"comments": held}} if held else {})


def page(*items: dict[str, Any], token: str = "") -> Answer:
    body = {"kind": "youtube#commentThreadListResponse", "items": items}
    return Answer(body | ({"nextPageToken": token} if token else {}))


def refusal(status: int, reason: str) -> Answer:
    error = {"code": status, "errors": [{"domain": "youtube", "reason": reason}]}
    return Answer({"error": error}, status)


def source(
    server: HttpPlatform,
    videos: tuple[str, ...] = ("v1",),
    poll_s: float = 0.01,
    daily_units: int = PLENTY,
) -> YouTubeSource:
    return YouTubeSource(
        videos,
        [],
        "s3cret",
        poll_s=poll_s,
        daily_units=daily_units,
        backoff=Backoff(0.01, 0.05),
        url=server.url,
    )


def rounds(items: list[Item]) -> int:
    return sum(isinstance(own, Checkpoint) for own in items)


async def test_a_thread_is_a_conversation_of_a_comment_and_its_replies() -> None:
    answers: Script = {THREADS: [page(thread("t1", 1, [reply("t1.b", 3), reply("t1.a", 2)]))]}
    async with http_platform(answers) as server:
        first, second, third = posts_of(await items_until(source(server), has_posts(3)))
    assert [post.post_id for post in (first, second, third)] == [
        "youtube:t1",
        "youtube:t1.a",
        "youtube:t1.b",
    ]
    assert (first.parent_id, second.parent_id, third.parent_id) == (
        None,
        "youtube:t1",
        "youtube:t1",
    )
    assert {post.conversation_id for post in (first, second, third)} == {"youtube:t1"}
    assert (first.text, first.author_id, first.created_at) == (
        "I love acme",
        "youtube:UCann",
        1_764_000_060.0,
    )
    asked = server.asked[0]
    assert asked.headers["x-goog-api-key"] == "s3cret"
    assert "s3cret" not in str(asked.query)
    assert (asked.query["videoId"], asked.query["order"]) == ("v1", "time")


async def test_replies_that_a_thread_does_not_hold_are_asked_for() -> None:
    answers: Script = {
        THREADS: [page(thread("t1", 1, [reply("t1.a", 2)], count=3))],
        REPLIES: [
            page(reply("t1.c", 4), reply("t1.b", 3), token="more"),
            page(reply("t1.a", 2)),
        ],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), has_posts(4))
    assert ids_of(items) == ["youtube:t1", "youtube:t1.a", "youtube:t1.b", "youtube:t1.c"]
    assert [asked.query.get("pageToken") for asked in server.asked_of(REPLIES)] == [None, "more"]


async def test_each_round_reads_down_to_what_is_known() -> None:
    answers: Script = {
        THREADS: [
            page(thread("t2", 20), token="old"),
            page(thread("t1", 10)),
            page(thread("t4", 40), token="old"),
            page(thread("t3", 30), thread("t2", 20), thread("t1", 10), token="older"),
            page(thread("t5", 50), thread("t4", 40), thread("t3", 30)),
        ]
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), has_posts(5))
    assert ids_of(items) == [f"youtube:t{number}" for number in (2, 1, 4, 3, 5)]
    tokens = [asked.query.get("pageToken") for asked in server.asked_of(THREADS)]
    assert tokens == [None, "old", None, "old", None]


async def test_the_next_run_goes_on_behind_the_cursor() -> None:
    answers: Script = {
        THREADS: [page(thread("t1", 10)), page(thread("t2", 20), thread("t1", 10), thread("t0", 0))]
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), lambda own: rounds(own) == 2)
        cursor = [own.cursor for own in items if isinstance(own, Checkpoint)][-1]
        items = await items_until(source(server), lambda own: rounds(own) == 2, cursor)
    assert ids_of(items) == ["youtube:t2"]


async def test_a_first_reading_that_was_cut_short_begins_again() -> None:
    answers: Script = {
        THREADS: [
            page(thread("t2", 20), token="old"),
            page(thread("t2", 20), token="old"),
            page(thread("t1", 10)),
        ]
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), lambda own: rounds(own) == 1)
        cursor = next(own.cursor for own in items if isinstance(own, Checkpoint))
        items = await items_until(source(server), has_posts(2), cursor)
    assert ids_of(items) == ["youtube:t2", "youtube:t1"]


async def test_deletions_edits_and_new_replies_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.recheck.FIRST_LOOK_S", 0.0)
    monkeypatch.setattr("connectors.sources.recheck.LAST_LOOK_S", 10**9)
    # made a moment ago: what was just read is then due at once
    monkeypatch.setattr("connectors.sources.youtube.comment_seconds", lambda _: 4e9)
    later = "2025-11-24T17:00:00Z"
    known = [
        thread("t1", 1),
        thread("t2", 2),
        thread("t3", 3, [reply("t3.a", 4), reply("t3.b", 4)]),
    ]
    answers: Script = {
        THREADS: [
            page(*known),
            page(thread("t1", 1, updatedAt=later), thread("t3", 3, count=3)),
            page(),
        ],
        REPLIES: [
            page(reply("t3.c", 5), reply("t3.b", 4), reply("t3.a", 4)),
            page(reply("t3.b", 4, updatedAt=later), reply("t3.c", 5)),
            page(),
        ],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server, poll_s=30), lambda own: rounds(own) == 2)
    assert withdrawn_of(items) == {
        "youtube:t1": "edited",
        "youtube:t2": "deleted",
        "youtube:t3.a": "deleted",
        "youtube:t3.b": "edited",
    }
    assert "youtube:t3.c" in ids_of(items)
    looked = server.asked_of(THREADS)[1].query
    assert sorted(looked["id"].split(",")) == ["t1", "t2", "t3"]
    assert "maxResults" not in looked


async def test_quotas_and_failures_are_waited_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sources.youtube_api.USED_UP_WAIT_S", 0.5)
    answers: Script = {
        THREADS: [
            refusal(403, "quotaExceeded"),
            refusal(403, "rateLimitExceeded"),
            Answer(status=503),
            Answer("<html>"),
            page(thread("t1", 1)),
        ]
    }
    async with http_platform(answers) as server:
        with caplog.at_level(logging.WARNING):
            await items_until(source(server), has_posts(1))
    told = [message for message in caplog.messages if "again in" in message]
    assert "quotaExceeded; again in 0.5" in told[0]
    assert "rateLimitExceeded; again in 0.0" in told[1]
    assert len(told) == 4
    assert "s3cret" not in caplog.text


def test_rounds_are_as_rare_as_the_daily_units_ask() -> None:
    places = [f"v{number}" for number in range(8)]
    rare = YouTubeSource(places, [], "k", poll_s=1.0, daily_units=1000)
    assert rare.poll_s == pytest.approx(86_400 * 10 / 1000)
    assert YouTubeSource(places, [], "k", poll_s=3600.0, daily_units=1000).poll_s == 3600.0


async def test_a_video_without_comments_is_left_out_and_the_last_one_ends_the_source(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: Script = {
        THREADS: [
            refusal(403, "commentsDisabled"),
            page(thread("t1", 1)),
            refusal(404, "videoNotFound"),
        ]
    }
    async with http_platform(answers) as server:
        with pytest.raises(SourceRefusedError, match="none of the videos"):
            await items_until(source(server, ("v1", "v2")), lambda _: False)
    assert [asked.query["videoId"] for asked in server.asked_of(THREADS)] == ["v1", "v2", "v2"]
    assert "v1: commentsDisabled" in caplog.text


async def test_a_key_that_is_refused_ends_the_source_with_a_remedy() -> None:
    async with http_platform({THREADS: [refusal(400, "badRequest")]}) as server:
        with pytest.raises(SourceRefusedError, match="VOXPOP_YOUTUBE_API_KEY"):
            await items_until(source(server), has_posts(1))
