"""The OpenAPI document is whole."""

import json
import re

from connectors.http.app import make_app
from connectors.http.options import ApiOptions
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout


def test_every_schema_that_the_document_names_is_in_it() -> None:
    app, _ = make_app(ApiOptions(RedisConnection("redis://localhost"), TrendLayout()))
    document = app.openapi()
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named <= document["components"]["schemas"].keys()
