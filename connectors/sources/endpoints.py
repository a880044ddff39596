"""Where the platforms answer. Not for what is asked there: each source knows that."""

from typing import Final

JETSTREAM: Final = "wss://jetstream2.us-east.bsky.network/subscribe"
REDDIT: Final = "https://www.reddit.com"
REDDIT_OAUTH: Final = "https://oauth.reddit.com"
YOUTUBE: Final = "https://www.googleapis.com/youtube/v3"
