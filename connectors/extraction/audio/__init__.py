"""The eight audio measures of feature set `default@1`.

Not for sounds as files: `sound` decodes those, and all else takes samples.
"""
