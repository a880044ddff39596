"""Feature windows of a post's recordings, pictures and films: fetched, decoded, measured.

Not for text (`models`), nor for topics: whoever reads `posts.raw` hands in its media.
"""
