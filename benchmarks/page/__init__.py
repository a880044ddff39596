"""The tables of docs/performance.md, from what `make bench` left as JSON. Not what they mean."""
