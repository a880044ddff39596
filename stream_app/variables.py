"""Every environment variable of Voxpop, and the one place where they are documented.

Not for what a process makes of their values: `settings`. Not for options of a single command: those
are its arguments.
"""

import re
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.extraction.fetching.destination import OwnHosts
from connectors.http.tokens import parse_tokens
from connectors.kafka.connection import is_address
from connectors.redis_connection import RedisConnection
from connectors.schemas.author import SHORTEST_SALT
from connectors.sources.endpoints import JETSTREAM
from stream_app.core.flow import BATCH_MOST
from stream_app.core.shedding import checked

MEBIBYTE = 1024 * 1024


class Variables(BaseSettings):
    """A field each: `VOXPOP_` and its name in capitals; what it is by default, and what it may be.

    Raises:
        pydantic.ValidationError: a value is out of its range; names the variable.
    """

    model_config = SettingsConfigDict(
        env_prefix="VOXPOP_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may hold a password
    )

    role: Literal["score", "extract"] = Field(
        "score",
        description="what a worker does: score the posts of `posts`, or extract features of those "
        "of `posts.raw` and write them to `posts`",
    )
    kafka: str = Field("localhost:9092", description="Kafka brokers, `host:port,…`")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="security protocol of the Kafka listeners"
    )
    kafka_ssl_cafile: Path | None = Field(None, description="PEM file of the brokers' authority")
    kafka_ssl_certfile: Path | None = Field(None, description="client certificate for mutual TLS")
    kafka_ssl_keyfile: Path | None = Field(None, description="key of the client certificate")
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="used when the protocol is a SASL one"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    redis: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="Redis or Valkey URL; `rediss://` for TLS, user and password for an ACL user",
    )
    redis_ssl_cafile: Path | None = Field(None, description="PEM file of the server's authority")
    redis_ssl_certfile: Path | None = Field(None, description="client certificate for mutual TLS")
    redis_ssl_keyfile: Path | None = Field(None, description="key of the client certificate")
    model: Path | None = Field(None, description="checkpoint folder; unset: the shipped one")
    prevalence: Path | None = Field(
        None,
        description="file of `voxpop prevalence fit`, by which `voxpop trends` corrects shares; "
        "unset: the one that was fitted for the shipped model",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="where inference runs; a GPU that is not there or fails gives way to the CPU, "
        "and a warning says why",
    )
    engine: Literal["auto", "stream", "window"] = Field(
        "auto",
        description="`stream` keeps states and scores a post by one step; `window` scores its "
        "whole window; `auto` takes `stream` where it can",
    )
    threads: int | None = Field(
        None,
        ge=1,
        description="CPU threads of the model; unset: 1 for `stream` on a CPU, else one a core",
    )
    affinity: Literal["free", "apart"] = Field(
        "free",
        description="`apart` keeps a worker that scores by `stream` on a CPU, with one thread, on "
        "one core that it may use, and its model on another; `free` leaves both to the system",
    )
    window: int = Field(
        32, ge=1, le=512, description="most posts of a conversation that the model sees"
    )
    states_mib: int = Field(
        1024,
        ge=0,
        description="memory for states that the engine `stream` keeps, MiB; of the GPU where it "
        "runs on one",
    )
    batch_max: int = Field(
        BATCH_MOST, ge=1, le=4096, description="most posts in one batch that is scored"
    )
    batch_wait_ms: int = Field(
        20, ge=1, le=100, description="longest wait for a batch to fill, milliseconds"
    )
    shed: int = Field(
        1,
        description="one conversation in so many is scored, and each of its posts counts for as "
        "many: 2, 4, … 64, the same for all workers that score; those that extract refuse it; "
        "1: all are",
    )
    topic_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="put before every topic's and Redis key's name; letters, digits, `.`, `_`, `-`",
    )
    group: str = Field(
        "voxpop",
        description="consumer group of the workers that score; those that extract are in the one "
        "of this name and `-extract`",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("voxpop"),
        description="where the local stack and the workers keep files",
    )
    post_max_bytes: int = Field(
        MEBIBYTE, ge=1024, description="a larger post is rejected as too_large"
    )
    session_timeout_s: float = Field(
        10.0, ge=6.0, le=300.0, description="Kafka session timeout of a worker, seconds"
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="port of a worker's `/metrics`, `/healthz` and `/readyz`; unset: none",
    )
    api_tokens: SecretStr | None = Field(
        None,
        description="tokens of the HTTP API, `read:SECRET,admin:SECRET,…`, each of 16 characters "
        "or more; unset: whoever reaches it may read",
    )
    api_requests_per_s: float = Field(
        50.0,
        gt=0,
        description="requests a second that one caller of the HTTP API may make on average",
    )
    api_cors_origins: str = Field(
        "", description="other sites whose pages may ask the HTTP API from a browser, `https://…,…`"
    )
    explain: bool = Field(
        True,
        description="whether the HTTP API explains example posts when asked: a process beside the "
        "server, with the model in some 800 MB while somebody asks and for five minutes after",
    )
    window_idle_days: float = Field(
        7.0, gt=0, description="days without a post after which a conversation's window expires"
    )
    author_salt: SecretStr | None = Field(
        None,
        min_length=SHORTEST_SALT,
        description="secret with which author ids are hashed, 16 characters or more; unset: "
        "authors are not known at all",
    )
    text_retention_days: float = Field(
        0.0,
        ge=0.0,
        le=3650.0,
        description="days that the text of an example post is kept; 0: no text is stored",
    )

    media: Literal["off", "data", "fetch"] = Field(
        "data",
        description="what features of audio and video are made of: nothing, the bytes within raw "
        "posts, or also what their URLs lead to; `fetch` makes requests to hosts that posts name",
    )
    media_hosts: str = Field(
        "",
        description="hosts, `host,host:port,…`, that media are fetched from though their addresses "
        "are not public, or at another port than 80 and 443",
    )
    media_max_bytes: int = Field(
        16 * MEBIBYTE, ge=1024, le=256 * MEBIBYTE, description="a longer medium is not fetched"
    )
    media_timeout_s: float = Field(
        20.0,
        gt=0,
        le=300,
        description="longest time for fetching one medium, and as much again for decoding it",
    )
    media_decoders: int = Field(
        1, ge=1, le=64, description="processes that decode media, 2 GiB of address space each"
    )

    tracks: Path | None = Field(
        None, description="YAML file of rules that add tracks to raw posts; unset: none"
    )
    alerts_webhook: SecretStr | None = Field(
        None, description="URL that alerts are sent to, signed; unset: none"
    )
    alerts_webhook_secret: SecretStr | None = Field(
        None, description="what they are signed with: `whsec_` and base64 of 24 to 64 bytes"
    )
    alerts_webhook_private: bool = Field(
        False, description="whether the webhook may be at a private address, and without TLS"
    )

    bluesky_jetstream: str = Field(
        JETSTREAM,
        pattern=r"^wss?://[^\s/?#]+/\S*$",
        description="`/subscribe` of the Jetstream server that `voxpop ingest bluesky` reads",
    )
    mastodon_token: SecretStr | None = Field(
        None, description="access token of an application on the Mastodon server, scope `read`"
    )
    reddit_client_id: str | None = Field(None, description="id of the Reddit application")
    reddit_client_secret: SecretStr | None = Field(
        None, description="secret of the Reddit application"
    )
    reddit_user_agent: str | None = Field(
        None,
        min_length=8,
        description="how Reddit asks to be spoken to: `platform:application:version (by /u/name)`",
    )
    youtube_api_key: SecretStr | None = Field(
        None, description="key of a Google Cloud project with the YouTube Data API"
    )

    @field_validator("kafka")
    @classmethod
    def _hosts_with_ports(cls, kafka: str) -> str:
        if not all(map(is_address, kafka.split(","))):
            raise ValueError("must be host:port,… without a scheme or a user")
        return kafka

    @field_validator("shed")
    @classmethod
    def _power_of_two(cls, shed: int) -> int:
        return checked(shed)

    @field_validator("redis")
    @classmethod
    def _redis_url(cls, redis: SecretStr) -> SecretStr:
        RedisConnection(url=redis.get_secret_value())
        return redis

    @field_validator("media_hosts")
    @classmethod
    def _media_hosts(cls, hosts: str) -> str:
        OwnHosts.parse(hosts)
        return hosts

    @field_validator("api_tokens")
    @classmethod
    def _tokens(cls, tokens: SecretStr | None) -> SecretStr | None:
        if tokens is not None:
            parse_tokens(tokens.get_secret_value())
        return tokens

    @field_validator("api_cors_origins")
    @classmethod
    def _origins(cls, origins: str) -> str:
        for origin in filter(None, origins.split(",")):
            if not re.fullmatch(r"\s*https?://[^\s/*]+\s*", origin):
                raise ValueError(f"must be https://host,… and has {origin!r}")
        return origins
