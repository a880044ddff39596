"""What Redis answers to commands that were sent together.

Not for scripts: `redis_script` sends those.
"""

from typing import Any

from redis.asyncio.client import Pipeline


async def answers_of(pipeline: Pipeline) -> list[Any]:
    """Send the commands and give their answers.

    Raises:
        redis.exceptions.RedisError: one failed, the first that did; in the words of the server
            alone, since redis-py adds the command, and a log may hold no conversation and no post.
    """
    answers: list[Any] = await pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
