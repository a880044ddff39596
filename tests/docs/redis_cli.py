"""`python -m tests.docs.redis_cli COMMAND …`: one command to VOXPOP_REDIS, as redis-cli prints it.

Not for more than the pages show.
"""

import os
import sys

import redis


def shown(answer: object) -> str:
    """An answer as redis-cli prints it."""
    if isinstance(answer, dict):
        answer = [each for pair in answer.items() for each in pair]
    if isinstance(answer, set):
        answer = sorted(answer)
    if isinstance(answer, list):
        lines = [f"{place}) {shown(each)}" for place, each in enumerate(answer, 1)]
        return "\n".join(lines) or "(empty array)"
    if answer is None:
        return "(nil)"
    return f"(integer) {answer}" if isinstance(answer, int) else f'"{answer}"'


if __name__ == "__main__":
    with redis.Redis.from_url(os.environ["VOXPOP_REDIS"], decode_responses=True) as client:
        print(shown(client.execute_command(*sys.argv[1:])))  # noqa: T201
