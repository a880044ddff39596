"""Asking a server of a test over HTTP, until it answers."""

import urllib.error
import urllib.request

from connectors.kafka.waiting import until

READY_S = 90.0


def status(port: int, path: str) -> int:
    """What an HTTP server answers; 0 while there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


async def answers(port: int, path: str) -> bool:
    """Whether it says yes before long."""

    async def asked() -> bool:
        return status(port, path) == 200

    return await until(asked, within_s=READY_S)
