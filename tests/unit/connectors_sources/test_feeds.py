"""Feeds: entries as posts, asked for politely and only once."""

import logging
from typing import Any

import pytest

from connectors.sources.errors import SourceRefusedError
from connectors.sources.feeds import FeedSource
from connectors.sources.items import Checkpoint, Cursor, Item, Unusable
from tests.unit.connectors_sources.fakes import (
    has_posts,
    ids_of,
    items_until,
    posts_of,
    withdrawn_of,
)
from tests.unit.connectors_sources.http_platform import Answer, http_platform

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>News</title><link>https://news.example/</link><language>en-gb</language>{head}{items}
</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title>Talk</title><id>tag:talk.example,2025:/</id><updated>2025-11-24T16:00:00Z</updated>
<entry><id>tag:talk.example,2025:2</id><title>Re: phones</title>
<thr:in-reply-to ref="tag:talk.example,2025:1"/><updated>2025-11-24T16:00:00Z</updated>
<content type="html">&lt;p&gt;acme is &lt;b&gt;fine&lt;/b&gt;&lt;/p&gt;</content></entry>
</feed>"""


def item(number: int, text: str = "Acme &lt;em&gt;grows&lt;/em&gt;", guid: str = "") -> str:
    own = guid or f"https://news.example/{number}"
    return (
        f"<item><title>Story {number}</title><link>https://news.example/{number}</link>"
        f"<guid>{own}</guid><pubDate>Mon, 24 Nov 2025 16:00:{number:02} GMT</pubDate>"
        f"<description>{text}</description></item>"
    )


def rss(*items: str, head: str = "") -> str:
    return RSS.format(items="".join(items), head=head)


def last_cursor(items: list[Item]) -> Cursor:
    return [own.cursor for own in items if isinstance(own, Checkpoint)][-1]


def checkpoints(count: int) -> Any:
    return lambda items: sum(isinstance(own, Checkpoint) for own in items) >= count


async def test_entries_come_the_oldest_first_with_title_words_time_and_language() -> None:
    async with http_platform({"/feed": [Answer(rss(item(2), item(1)))]}) as server:
        found = posts_of(await items_until(FeedSource([f"{server.url}/feed"]), has_posts(2)))
    first = found[0]
    assert [post.post_id for post in found] == ["https://news.example/1", "https://news.example/2"]
    assert (first.text, first.lang, first.platform) == ("Story 1\nAcme grows", "en-gb", "rss")
    assert (first.created_at, first.conversation_id) == (1_764_000_001.0, first.post_id)


async def test_an_entry_names_its_enclosures() -> None:
    enclosures = "".join(
        f'<enclosure url="https://news.example/{name}" type="{sort}" length="9"/>'
        for name, sort in (
            ("a.pdf", "application/pdf"),
            ("a.mp3", "audio/mpeg"),
            ("b.png", "image/png"),
        )
    )
    told = item(1).replace("</item>", f"{enclosures}</item>")
    async with http_platform({"/feed": [Answer(rss(told))]}) as server:
        (post,) = posts_of(await items_until(FeedSource([f"{server.url}/feed"]), has_posts(1)))
    assert [(each.kind, each.url, each.content_type) for each in post.media] == [
        ("audio", "https://news.example/a.mp3", "audio/mpeg"),
        ("image", "https://news.example/b.png", "image/png"),
    ]


async def test_a_reply_in_atom_stands_under_what_it_answers() -> None:
    async with http_platform({"/atom": [Answer(ATOM)]}) as server:
        (post,) = posts_of(await items_until(FeedSource([f"{server.url}/atom"]), has_posts(1)))
    assert post.text == "Re: phones\nacme is fine"
    assert (post.conversation_id, post.parent_id) == (("tag:talk.example,2025:1",) * 2)


async def test_a_feed_is_asked_only_for_what_changed() -> None:
    answers = [
        Answer(
            rss(item(1)), headers={"ETag": '"v1"', "Last-Modified": "Mon, 24 Nov 2025 16:00:00 GMT"}
        ),
        Answer(status=304),
        Answer(rss(item(2), item(1)), headers={"ETag": '"v2"'}),
        Answer(status=304),
    ]
    async with http_platform({"/feed": answers}) as server:
        source = FeedSource([f"{server.url}/feed"], poll_s=0.01)
        items = await items_until(source, checkpoints(4))
    assert ids_of(items) == ["https://news.example/1", "https://news.example/2"]
    asked = [
        (own.headers.get("if-none-match"), own.headers.get("if-modified-since"))
        for own in server.asked
    ]
    since = "Mon, 24 Nov 2025 16:00:00 GMT"
    assert asked[:4] == [(None, None), ('"v1"', since), ('"v1"', since), ('"v2"', None)]


async def test_an_entry_whose_words_change_is_withdrawn_and_counts_once() -> None:
    answers = [Answer(rss(item(1))), Answer(rss(item(1, "Acme shrinks"))), Answer(rss())]
    async with http_platform({"/feed": answers}) as server:
        source = FeedSource([f"{server.url}/feed"], poll_s=0.01)
        items = await items_until(source, checkpoints(3))
    assert ids_of(items) == ["https://news.example/1"]
    assert withdrawn_of(items) == {"https://news.example/1": "edited"}


async def test_the_next_run_takes_only_what_is_new() -> None:
    answers = [
        Answer(rss(item(1)), headers={"ETag": '"v1"'}),
        Answer(rss(item(2), item(1, "Acme shrinks"))),
    ]
    async with http_platform({"/feed": answers}) as server:
        url = f"{server.url}/feed?key=secret"
        cursor = last_cursor(await items_until(FeedSource([url]), checkpoints(1)))
        items = await items_until(FeedSource([url]), checkpoints(1), cursor)
    assert ids_of(items) == ["https://news.example/2"]
    assert withdrawn_of(items) == {"https://news.example/1": "edited"}
    assert server.asked[1].headers["if-none-match"] == '"v1"'
    assert "secret" not in str(cursor)


async def test_bare_numbers_of_two_feeds_are_two_posts() -> None:
    answers = {
        "/a": [Answer(rss(item(1, guid="7")))],
        "/b": [Answer(rss(item(1, guid="x" * 400)))],
    }
    async with http_platform(answers) as server:
        source = FeedSource([f"{server.url}/a", f"{server.url}/b"])
        short, long = sorted(ids_of(await items_until(source, has_posts(2))), key=len)
    assert short == "127.0.0.1:7"
    assert len(long) < 256


async def test_a_feed_that_fails_is_asked_later_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = {
        "/bad": [
            Answer(status=500),
            Answer("<html>busy</html>"),
            Answer(status=429, headers={"Retry-After": "600"}),
        ],
        "/good": [Answer(rss(item(number))) for number in range(1, 9)],
    }
    async with http_platform(answers) as server:
        urls = [f"{server.url}/bad?key=secret", f"{server.url}/good"]
        with caplog.at_level(logging.WARNING):
            source = FeedSource(urls, poll_s=0.05, first_wait_s=0.01)
            await items_until(source, has_posts(8))
    assert len(server.asked_of("/bad")) == 3
    told = [message for message in caplog.messages if "/bad" in message]
    assert "HTTP 500; again in 0.0" in told[0]
    assert "is no feed" in told[1]
    assert "HTTP 429; again in 600" in told[2]
    assert "secret" not in caplog.text


async def test_a_feed_that_is_gone_is_asked_no_more() -> None:
    answers = {"/gone": [Answer(status=410)], "/good": [Answer(rss(item(1))), Answer(status=410)]}
    async with http_platform(answers) as server:
        source = FeedSource([f"{server.url}/gone", f"{server.url}/good"], poll_s=0.01)
        with pytest.raises(SourceRefusedError, match="every feed is gone"):
            await items_until(source, lambda _: False)
    assert (len(server.asked_of("/gone")), len(server.asked_of("/good"))) == (1, 2)


async def test_a_feed_may_ask_for_more_time_between_two_looks() -> None:
    answers = {
        "/slow": [Answer(rss(item(1), head="<ttl>60</ttl>"))],
        "/quick": [Answer(rss(item(number))) for number in range(2, 6)],
    }
    async with http_platform(answers) as server:
        source = FeedSource([f"{server.url}/slow", f"{server.url}/quick"], poll_s=0.02)
        await items_until(source, has_posts(5))
    assert len(server.asked_of("/slow")) == 1


async def test_an_entry_without_id_or_words_is_passed_over() -> None:
    bare = "<item><description>words</description></item>"
    empty = "<item><guid>https://news.example/9</guid></item>"
    async with http_platform({"/feed": [Answer(rss(bare, empty, item(1)))]}) as server:
        items = await items_until(FeedSource([f"{server.url}/feed"]), checkpoints(1))
    assert sum(isinstance(own, Unusable) for own in items) == 2
    assert ids_of(items) == ["https://news.example/1"]
