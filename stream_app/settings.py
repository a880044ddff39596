"""The settings of a process: read once from the environment, and what each part is made with.

Not for which variables there are, nor for their defaults: `variables`.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import ValidationError

from connectors.extraction.fetching.destination import OwnHosts
from connectors.http.options import ApiOptions
from connectors.http.tokens import parse_tokens
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.groups import EXTRACTORS
from connectors.redis_connection import RedisConnection
from connectors.schemas.author import AuthorHasher
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.layout import TrendLayout
from stream_app.variables import Variables

if TYPE_CHECKING:
    from connectors.alerts.webhook import Webhook
    from connectors.exemplars.explanation import PostExplainer
    from connectors.extraction.extractor import MediaOptions
    from connectors.prevalence.quantifier import Quantifier
    from connectors.trends.predictions import Predictions
    from models.engine import Engine


class Settings(Variables):
    """Settings of this process; each field is a variable of the environment.

    Raises:
        pydantic.ValidationError: a value is out of its range; names the variable.
    """

    def load_engine(self) -> "Engine":
        """The engine of this process."""
        from models.engine import load_engine  # noqa: PLC0415 - brings torch, which takes seconds

        return load_engine(
            self.model,
            self.device,
            self.threads,
            name=self.engine,
            window=self.window,
            states_mib=self.states_mib,
        )

    def load_quantifier(self) -> "Quantifier":
        """What corrects shares for the confusion of one model.

        Raises:
            QuantifierFileError: the file cannot be used.
        """
        from connectors.prevalence.quantifier import SHIPPED, read_quantifier  # noqa: PLC0415

        return read_quantifier(self.prevalence or SHIPPED, SENTIMENTS)

    def authors(self) -> AuthorHasher:
        """Hashes authors with the salt of this deployment."""
        salt = self.author_salt
        return AuthorHasher(salt.get_secret_value() if salt else None)

    def topic(self, name: str) -> str:
        """Name of a topic with the prefix of this deployment."""
        return self.topic_prefix + name

    def consumer_group(self) -> str:
        """Whole name of the group that workers of this role are in."""
        group = self.topic(self.group)
        return f"{group}{EXTRACTORS}" if self.role == "extract" else group

    def namespace(self) -> str:
        """First part of every Redis key of this deployment."""
        return self.topic_prefix + "voxpop"

    def alerts_webhook_target(self) -> "Webhook | None":
        """Where alerts are sent to; None where no URL is set.

        Raises:
            WebhookSettingsError: URL or secret cannot be used.
        """
        from connectors.alerts.webhook import Webhook  # noqa: PLC0415 - only who sends needs it

        if self.alerts_webhook is None:
            return None
        secret = self.alerts_webhook_secret
        return Webhook(
            self.alerts_webhook.get_secret_value(),
            secret.get_secret_value() if secret else "",
            self.alerts_webhook_private,
        )

    def kafka_connection(self) -> KafkaConnection:
        """How to reach Kafka, for the connectors."""
        password = self.kafka_sasl_password
        return KafkaConnection(
            bootstrap_servers=self.kafka,
            security_protocol=self.kafka_security,
            ssl_cafile=self.kafka_ssl_cafile,
            ssl_certfile=self.kafka_ssl_certfile,
            ssl_keyfile=self.kafka_ssl_keyfile,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=password.get_secret_value() if password else None,
        )

    def media_options(self) -> "MediaOptions | None":
        """How features of media are made; None where they are not."""
        from connectors.extraction.decoding.decoder import DecoderLimits  # noqa: PLC0415
        from connectors.extraction.extractor import MediaOptions  # noqa: PLC0415 - brings aiohttp
        from connectors.extraction.fetching.downloader import FetchLimits  # noqa: PLC0415

        if self.media == "off":
            return None
        fetch = FetchLimits(
            most_bytes=self.media_max_bytes,
            total_s=self.media_timeout_s,
            own=OwnHosts.parse(self.media_hosts),
        )
        return MediaOptions(
            fetch=fetch if self.media == "fetch" else None,
            decode=DecoderLimits(processes=self.media_decoders, longest_s=self.media_timeout_s),
        )

    def api_options(self) -> ApiOptions:
        """What the HTTP API needs to know, for the connectors."""
        tokens = self.api_tokens
        return ApiOptions(
            redis=self.redis_connection(),
            layout=TrendLayout(self.namespace()),
            tokens=parse_tokens(tokens.get_secret_value()) if tokens else (),
            requests_per_s=self.api_requests_per_s,
            cors_origins=[each.strip() for each in self.api_cors_origins.split(",") if each],
            quantifier=self.load_quantifier(),
            explainer=self.explainer(),
        )

    def explainer(self) -> "PostExplainer | None":
        """What explains example posts; None where that is off, or no model is installed."""
        from stream_app.explaining.process import ExplainerProcess  # noqa: PLC0415 - only servers

        return ExplainerProcess() if self.explain and find_spec("torch") else None

    def predictions(self) -> "Predictions":
        """The topic `predictions` as the record of what this deployment must count."""
        from connectors.kafka.topics import POSTS, PREDICTIONS  # noqa: PLC0415 - brings aiokafka
        from connectors.trends.predictions import Predictions  # noqa: PLC0415

        return Predictions(
            kafka=self.kafka_connection(),
            topic=self.topic(PREDICTIONS),
            posts_topic=self.topic(POSTS),
            group=self.topic(self.group),
        )

    def redis_connection(self) -> RedisConnection:
        """How to reach Redis, for the connectors."""
        return RedisConnection(
            url=self.redis.get_secret_value(),
            ssl_cafile=self.redis_ssl_cafile,
            ssl_certfile=self.redis_ssl_certfile,
            ssl_keyfile=self.redis_ssl_keyfile,
        )


def settings_problem(error: ValidationError) -> str:
    """What is wrong with which variables, in one line without their values."""
    return "; ".join(
        f"VOXPOP_{'_'.join(map(str, fault['loc'])).upper()}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in error.errors()
    )
