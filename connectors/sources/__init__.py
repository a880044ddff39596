"""Platforms, feeds and files as sources of posts for `posts.raw`; the contract is `items`."""
