"""Mastodon: events of a server's stream, and what a broken stream missed."""

import logging

import pytest

from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceRefusedError, SourceSettingsError
from connectors.sources.items import Checkpoint, Unusable
from connectors.sources.mastodon import REWIND, MastodonSource
from tests.unit.connectors_sources.fakes import (
    has_posts,
    ids_of,
    items_until,
    posts_of,
    withdrawn_of,
)
from tests.unit.connectors_sources.http_platform import (
    Answer,
    Answerer,
    HttpPlatform,
    Script,
    http_platform,
)
from tests.unit.connectors_sources.mastodon_server import (
    BASE,
    STATUSES,
    STREAM,
    TIMELINE,
    edit,
    status,
    status_id,
    stream,
    update,
)


def source(
    server: HttpPlatform, hashtag: str | None = None, token: str = "t0ken"
) -> MastodonSource:
    return MastodonSource(server.url, token, hashtag, backoff=Backoff(0.01, 0.05))


def own(number: int) -> str:
    return f"127.0.0.1:{status_id(number)}"


async def test_a_post_keeps_its_words_time_language_author_and_conversation() -> None:
    events = [
        update(1, "<p>One &amp; two<br>three</p><p>#<span>acme</span></p>", spoiler_text="phones"),
        update(2, in_reply_to_id=status_id(1)),
        update(3, in_reply_to_id=status_id(2)),
    ]
    async with http_platform({STREAM: [stream(*events)]}) as server:
        first, second, third = posts_of(await items_until(source(server), has_posts(3)))
    assert (first.post_id, first.conversation_id, first.parent_id) == (own(1), own(1), None)
    assert first.text == "phones\nOne & two\nthree\n#acme"
    assert (first.created_at, first.lang, first.platform) == (1_764_000_000.25, "en", "mastodon")
    assert first.author_id == "https://elsewhere.example/@ann"
    assert (second.parent_id, third.parent_id) == (own(1), own(2))
    assert second.conversation_id == third.conversation_id == own(1)
    assert server.asked[0].headers["authorization"] == "Bearer t0ken"


async def test_a_post_names_what_it_shows_and_plays() -> None:
    shown = [
        {"type": kind, "url": f"https://files.example/{kind}", "preview_url": None}
        for kind in ("image", "gifv", "unknown", "video", "audio", "image")
    ]
    nowhere = [{"type": "image", "url": None}]
    events = [
        update(1, "", media_attachments=shown),
        update(2, media_attachments=nowhere),
        update(3, media_attachments=[{}]),
    ]
    async with http_platform({STREAM: [stream(*events)]}) as server:
        first, *others = posts_of(await items_until(source(server), has_posts(3)))
    assert [each.kind for each in first.media] == ["image", "video", "video", "audio"]
    assert first.media[1].url == "https://files.example/gifv"
    assert first.text is None
    assert [post.media for post in others] == [[], []]


async def test_deletions_and_edits_withdraw_posts_and_other_events_say_nothing() -> None:
    events = [
        ("delete", status_id(8)),
        edit(9),
        ("filters_changed", "undefined"),
        ("update", "no json"),
        update(1, visibility="unlisted"),
        update(2),
    ]
    async with http_platform({STREAM: [stream(*events)]}) as server:
        items = await items_until(source(server), has_posts(1))
    assert withdrawn_of(items) == {own(8): "deleted", own(9): "edited"}
    assert sum(isinstance(item, Unusable) for item in items) == 2
    assert ids_of(items) == [own(2)]


async def test_what_a_broken_stream_missed_is_read_from_the_timeline() -> None:
    answers: Script = {
        STREAM: [stream(update(1), stay=False), stream(update(5))],
        TIMELINE: [
            Answer([status(3), {"id": "1"}, status(2)]),
            Answer([status(4)]),
            Answer([]),
        ],
        STATUSES: [Answer([status(1)])],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), has_posts(5))
    assert ids_of(items) == [own(number) for number in range(1, 6)]
    after = [asked.query["min_id"] for asked in server.asked_of(TIMELINE)]
    assert after == [str(BASE + 1 - REWIND), status_id(3), status_id(4)]


async def test_a_break_hides_no_deletion_and_no_edit() -> None:
    changed = status(2, edited_at="2025-11-24T17:00:00.000Z")
    answers: Script = {
        STREAM: [stream(update(1), update(2), update(3), stay=False), stream(update(4))],
        TIMELINE: [Answer([])],
        STATUSES: [Answer([changed, status(3)])],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), has_posts(4))
    assert withdrawn_of(items) == {own(1): "deleted", own(2): "edited"}
    assert server.asked_of(STATUSES)[0].query["id[]"] == status_id(1)


async def test_the_next_run_goes_on_behind_the_cursor_and_knows_the_conversations() -> None:
    answers: Script = {
        STREAM: [stream(update(1), update(2, in_reply_to_id=status_id(1)))],
        TIMELINE: [Answer([status(3, in_reply_to_id=status_id(2))]), Answer([])],
        STATUSES: [Answer(status=404)],  # before 4.3
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server), lambda own: isinstance(own[-1], Checkpoint))
        saved = next(item.cursor for item in items if isinstance(item, Checkpoint))
        cursor = {**saved, "roots": {status_id(2): status_id(1)}}
        (post,) = posts_of(await items_until(source(server), has_posts(1), cursor))
    assert (post.post_id, post.conversation_id) == (own(3), own(1))


async def test_a_hashtag_has_a_stream_and_a_timeline_of_its_own() -> None:
    answers: Script = {
        "/api/v1/streaming/hashtag": [stream(update(1), stay=False), stream(update(3))],
        "/api/v1/timelines/tag/acme": [Answer([status(2)]), Answer([])],
        STATUSES: [Answer([status(1)])],
    }
    async with http_platform(answers) as server:
        items = await items_until(source(server, "#acme"), has_posts(3))
    assert ids_of(items) == [own(1), own(2), own(3)]
    assert {asked.query["tag"] for asked in server.asked_of("/api/v1/streaming/hashtag")} == {
        "acme"
    }


async def test_the_server_is_asked_again_as_late_as_it_wants(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[Answer | Answerer] = [
        Answer(status=429, headers={"Retry-After": "1"}),
        Answer(status=503),
        Answer("<html>", headers={"content-type": "text/html"}),
        stream(update(1)),
    ]
    async with http_platform({STREAM: answers}) as server:
        with caplog.at_level(logging.WARNING):
            await items_until(source(server), has_posts(1))
    first, second, third = caplog.messages
    assert "HTTP 429; again in 1.0" in first
    assert "HTTP 503; again in 0.0" in second
    assert "text/event-stream" in third
    assert "t0ken" not in caplog.text


@pytest.mark.parametrize(
    ("status_code", "told"), [(401, "VOXPOP_MASTODON_TOKEN"), (404, "Mastodon server")]
)
async def test_a_server_that_refuses_ends_the_source_with_a_remedy(
    status_code: int, told: str
) -> None:
    async with http_platform({STREAM: [Answer(status=status_code)]}) as server:
        with pytest.raises(SourceRefusedError, match=told):
            await items_until(source(server), has_posts(1))


def test_a_server_is_named_by_its_url() -> None:
    with pytest.raises(SourceSettingsError, match="https://mastodon"):
        MastodonSource("mastodon.social", None)
