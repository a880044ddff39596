"""Bluesky: events of Jetstream as posts and withdrawals, over connections that break."""

import logging
from typing import Any

import pytest

from connectors.sources.backoff import Backoff
from connectors.sources.bluesky import MESSAGE_MAX_BYTES, REWIND_S, BlueskySource, read_event
from connectors.sources.errors import SourceRefusedError
from connectors.sources.items import AuthorWithdrawn, Unusable, Withdrawn
from tests.unit.connectors_sources.fakes import (
    has_posts,
    ids_of,
    items_until,
    posts_of,
    withdrawn_of,
)
from tests.unit.connectors_sources.jetstream import (
    BEGAN_US,
    DID,
    URI,
    Turn,
    commit,
    created,
    event,
    jetstream,
    reply_to,
)


def source(url: str) -> BlueskySource:
    return BlueskySource(url, Backoff(0.01, 0.05))


async def test_a_post_keeps_its_words_time_language_and_author() -> None:
    async with jetstream(Turn([created(1)], stay=True)) as server:
        (post,) = posts_of(await items_until(source(server.url), has_posts(1)))
    assert (post.post_id, post.conversation_id, post.parent_id) == (
        f"{URI}/3k1",
        f"{URI}/3k1",
        None,
    )
    assert (post.text, post.lang, post.platform, post.author_id) == (
        "I love acme",
        "en",
        "bluesky",
        DID,
    )
    assert post.created_at == 1_764_000_000.25
    assert server.queries[0]["wantedCollections"] == ["app.bsky.feed.post"]
    assert "cursor" not in server.queries[0]


IMAGE = {
    "alt": "",
    "image": {"$type": "blob", "ref": {"$link": "bafkimage"}, "mimeType": "image/png"},
}
IMAGES = {"$type": "app.bsky.embed.images", "images": [IMAGE]}
FILM = {"$type": "app.bsky.embed.video", "video": {"$type": "blob", "ref": {"$link": "bafkfilm"}}}


@pytest.mark.parametrize(
    ("embed", "urls"),
    [
        (IMAGES, [f"https://cdn.bsky.app/img/feed_fullsize/plain/{DID}/bafkimage@jpeg"]),
        (
            FILM,
            [f"https://video.bsky.app/watch/{DID.replace(':', '%3A')}/bafkfilm/thumbnail.jpg"],
        ),
        (
            {"$type": "app.bsky.embed.recordWithMedia", "record": {}, "media": IMAGES},
            [f"https://cdn.bsky.app/img/feed_fullsize/plain/{DID}/bafkimage@jpeg"],
        ),
        ({"$type": "app.bsky.embed.external", "external": {"uri": "https://example.org"}}, []),
        ({"$type": "app.bsky.embed.images", "images": [{}]}, []),
        ({"$type": "app.bsky.embed.images", "images": None}, []),
        ("nonsense", []),
    ],
)
def test_a_post_names_the_pictures_that_it_shows(embed: object, urls: list[str]) -> None:
    (post,) = posts_of(list(read_event(created(1, embed=embed))))
    assert post.text
    assert [(each.kind, each.url) for each in post.media] == [("image", url) for url in urls]


def test_media_within_media_are_not_followed() -> None:
    embed: dict[str, Any] = IMAGES
    for _ in range(2000):
        embed = {"$type": "app.bsky.embed.recordWithMedia", "media": embed}
    (post,) = posts_of(list(read_event(created(1, embed=embed))))
    assert not post.media


def test_a_post_may_show_and_say_nothing() -> None:
    (post,) = posts_of(list(read_event(created(1, text="", embed=IMAGES))))
    assert post.text is None
    assert len(post.media) == 1


def test_a_reply_stands_in_the_thread_of_its_root_under_its_parent() -> None:
    root, parent = "at://did:plc:a/app.bsky.feed.post/1", "at://did:plc:b/app.bsky.feed.post/2"
    (post,) = posts_of(list(read_event(created(1, reply=reply_to(root, parent)))))
    assert (post.conversation_id, post.parent_id) == (root, parent)


@pytest.mark.parametrize(
    ("claimed", "taken"),
    [
        ("2025-11-24T15:59:00Z", 1_763_999_940.0),
        ("2031-01-01T00:00:00Z", BEGAN_US / 1e6 + 1),  # nothing is made after it was seen
        ("0001-01-01T00:00:00Z", BEGAN_US / 1e6 + 1),
        ("yesterday", BEGAN_US / 1e6 + 1),
    ],
)
def test_an_impossible_time_gives_way_to_when_the_post_was_seen(claimed: str, taken: float) -> None:
    (post,) = posts_of(list(read_event(created(1, createdAt=claimed))))
    assert post.created_at == taken


def test_edits_and_deletions_withdraw_the_post() -> None:
    edit = commit(7, "update", created(7)["commit"]["record"])
    assert list(read_event(edit)) == [Withdrawn(f"{URI}/3k7", "edited")]
    assert list(read_event(commit(8, "delete"))) == [Withdrawn(f"{URI}/3k8", "deleted")]


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
def test_an_account_that_is_no_longer_active_withdraws_its_author(status: str) -> None:
    account = {
        "active": False,
        "did": DID,
        "seq": 3,
        "status": status,
        "time": "2025-11-24T16:00:00Z",
    }
    assert list(read_event(event(1, kind="account", account=account))) == [AuthorWithdrawn(DID)]


@pytest.mark.parametrize(
    "unconcerned",
    [
        event(1, kind="identity", identity={"did": DID, "handle": "a.bsky.social", "seq": 1}),
        event(1, kind="account", account={"active": True, "did": DID, "seq": 3}),
        event(1, kind="commit", commit={"operation": "create", "collection": "app.bsky.feed.like"}),
    ],
)
def test_other_events_say_nothing(unconcerned: dict[str, Any]) -> None:
    assert list(read_event(unconcerned)) == []


async def test_events_that_cannot_be_read_and_posts_without_words_are_passed_over() -> None:
    broken: list[dict[str, Any] | str] = [
        "no json",
        '{"kind": "commit"}',
        created(1, text=""),
        commit(2, "create", {}),
        created(5, reply="x"),
        created(6, langs=7),
    ]
    async with jetstream(Turn([*broken, created(3)], stay=True)) as server:
        items = await items_until(source(server.url), has_posts(1))
    assert len([item for item in items if isinstance(item, Unusable)]) == 6
    assert ids_of(items) == [f"{URI}/3k3"]


async def test_a_post_of_any_size_does_not_stop_the_stream() -> None:
    huge = created(1, extra="x" * MESSAGE_MAX_BYTES)
    async with jetstream(Turn([huge, created(2)], stay=True)) as server:
        items = await items_until(source(server.url), has_posts(1))
    assert ids_of(items) == [f"{URI}/3k2"]
    assert len(server.queries) == 1


async def test_a_broken_connection_goes_on_a_little_before_where_it_broke() -> None:
    turns = [
        Turn([created(1), created(2)], abort=True),
        Turn([created(2), created(3)]),  # ended in good order
        Turn([commit(1, "delete"), created(4)], stay=True),
    ]
    async with jetstream(*turns) as server:
        items = await items_until(source(server.url), has_posts(5))
    assert ids_of(items) == [f"{URI}/3k{number}" for number in (1, 2, 2, 3, 4)]
    assert withdrawn_of(items) == {f"{URI}/3k1": "deleted"}
    rewound = [str(BEGAN_US + number * 1_000_000 - int(REWIND_S * 1e6)) for number in (2, 3)]
    assert [query.get("cursor", [None])[0] for query in server.queries] == [None, *rewound]


async def test_a_cursor_is_where_the_first_connection_begins() -> None:
    async with jetstream(Turn([created(1)], stay=True)) as server:
        await items_until(source(server.url), has_posts(1), {"time_us": BEGAN_US})
    assert server.queries[0]["cursor"] == [str(BEGAN_US - int(REWIND_S * 1e6))]


async def test_the_server_is_asked_again_as_late_as_it_wants(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns = [
        Turn(status=429, headers={"Retry-After": "1"}),
        Turn(status=503),
        Turn([created(1)], stay=True),
    ]
    async with jetstream(*turns) as server:
        with caplog.at_level(logging.WARNING):
            items = await items_until(source(server.url), has_posts(1))
    assert ids_of(items) == [f"{URI}/3k1"]
    first, second = caplog.messages
    assert "HTTP 429; again in 1.0" in first
    assert "HTTP 503; again in 0.0" in second


async def test_an_address_that_is_no_jetstream_ends_the_source_with_a_remedy() -> None:
    async with jetstream(Turn(status=404)) as server:
        with pytest.raises(SourceRefusedError, match="VOXPOP_BLUESKY_JETSTREAM"):
            await items_until(source(server.url), has_posts(1))


async def test_posts_that_the_server_no_longer_has_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with jetstream(Turn([created(7200)], stay=True)) as server:
        await items_until(source(server.url), has_posts(1), {"time_us": BEGAN_US})
    assert "posts of 120 minutes are missing" in caplog.text
