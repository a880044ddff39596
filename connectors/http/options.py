"""What whoever starts the server chooses. Not for reading the environment: settings do."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.exemplars.explanation import PostExplainer
from connectors.http.tokens import Token
from connectors.prevalence.quantifier import Quantifier
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """Everything the server needs to know.

    Attributes:
        redis: where the trends are.
        layout: names of their keys.
        tokens: who may ask; where there is none everybody may read and nobody change anything.
        requests_per_s: of one caller, on average; None for no limit.
        cors_origins: pages of other sites that may ask from a browser.
        quantifier: corrects shares for what the model confuses; None where nothing does.
        explainer: explains example posts; None where nothing does. The server closes it.
    """

    redis: RedisConnection
    layout: TrendLayout
    tokens: Sequence[Token] = ()
    requests_per_s: float | None = None
    cors_origins: Sequence[str] = ()
    quantifier: Quantifier | None = None
    explainer: PostExplainer | None = None
