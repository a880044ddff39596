"""What an operator asks a plan for, and what servers are taken to be. Not what that needs."""

from dataclasses import dataclass

from stream_app.capacity.load import NEW_SHARE
from stream_app.core.flow import BATCH_MOST


class DemandError(ValueError):
    """A plan cannot be made of this; the message says of which figure and why."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Posts a second, of which kind, and how they are to be served.

    Attributes:
        posts_per_second: at the busiest time, since that is what must be kept up with.
        tracks: how many there are.
        tracks_per_post: on average.
        hot_share: of all posts, those of the busiest track.
        conversation_posts: of a conversation on average.
        live_s: seconds for which a conversation gets posts.
        idle_days: until its window expires.
        window: most posts that the model sees.
        batch_max: most posts in a batch.
        states_mib: of a worker, memory for states.
        cores_per_node: of a worker's machine.
        gpus_per_node: beside them; 0: the model runs on the cores.
        raw_share: of posts, those that come without features, through `posts.raw`.
        replication: copies of each partition in Kafka.
        redis_replicas: of each shard.
        filled: how full anything may be, so that bursts and a lost node find room.
        raw_days: that Kafka keeps `posts.raw`; this and those below as `voxpop topics create` makes
            topics.
        posts_hours: that Kafka keeps `posts`; a broker's own default, since nothing else is set.
        predictions_days: that it keeps `predictions`.
        network_mib_s: of a broker's or a node's network.
        broker_disk_mib_s: that a broker writes.
        redis_gib: of memory of a shard.
    """

    posts_per_second: float
    tracks: int = 1000
    tracks_per_post: int = 1
    hot_share: float = 0.05
    conversation_posts: float = 1 / NEW_SHARE
    live_s: float = 600.0
    idle_days: float = 7.0
    window: int = 32
    batch_max: int = BATCH_MOST
    states_mib: float = 1024.0
    cores_per_node: int = 16
    gpus_per_node: int = 0
    raw_share: float = 1.0
    replication: int = 3
    redis_replicas: int = 1
    filled: float = 0.6
    raw_days: float = 3.0
    posts_hours: float = 168.0
    predictions_days: float = 14.0
    network_mib_s: float = 1192.0
    broker_disk_mib_s: float = 400.0
    redis_gib: float = 48.0

    def __post_init__(self) -> None:
        if self.posts_per_second <= 0:
            raise DemandError(f"{self.posts_per_second} posts a second: ask for more than none")
        if not 0 < self.filled < 1:
            raise DemandError(f"filled to {self.filled}: use a share above 0 and below 1")
        if self.conversation_posts < 1:
            raise DemandError(
                f"{self.conversation_posts} posts a conversation: it has one at least"
            )
        if not 0 <= self.hot_share <= 1:
            raise DemandError(f"the busiest track has {self.hot_share} of all: a share is 0 to 1")
        if not 0 <= self.raw_share <= 1:
            raise DemandError(f"{self.raw_share} of the posts are raw: a share is 0 to 1")
        if self.tracks_per_post > self.tracks:
            raise DemandError(
                f"{self.tracks_per_post} tracks a post, and only {self.tracks} in all"
            )

    @property
    def on_gpu(self) -> bool:
        """Whether the model runs on GPUs."""
        return self.gpus_per_node > 0

    @property
    def live(self) -> float:
        """Conversations that get posts at a time."""
        return self.posts_per_second * self.live_s / self.conversation_posts

    @property
    def hot_rate(self) -> float:
        """Posts a second of the busiest track."""
        return self.posts_per_second * min(1.0, self.hot_share)
