"""The share of each label in a set of posts, corrected for what the classifier confuses.

Quantification, as its literature calls it. Plain numpy; not for scoring posts or counting them.
"""
