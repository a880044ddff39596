"""Long lists a page at a time: `limit` items after `offset`, and where the next page is. Pure."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Query, Response
from starlette.datastructures import URL

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=500, description="most items in an answer")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="items to leave out at the front")]


def page_of(
    items: Sequence[Item], limit: int, offset: int, url: URL, response: Response
) -> Sequence[Item]:
    """The items of a page; says in the headers how many there are and where the next page is.

    Args:
        items: all of them, in order.
        limit: most items in the page.
        offset: items before it.
        url: what was asked.
        response: gets `Total-Count` and, where there is more, `Link` (RFC 8288).
    """
    response.headers["Total-Count"] = str(len(items))
    if offset + limit < len(items):
        query = url.include_query_params(limit=limit, offset=offset + limit).query
        response.headers["Link"] = f'<{url.path}?{query}>; rel="next"'
    return items[offset : offset + limit]
