"""`python -m tests.advisories`: whether PyPI tells what is known of a package's vulnerabilities.

`make check` asks before it audits: behind a mirror that carries packages alone, an audit can say
nothing. Not the audit itself: that is pip-audit's.
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Final

PAGE: Final = "https://pypi.org/pypi/pip/20.0/json"  # of a version that is known to have some
WAIT_S: Final = 15.0
TOLD: Final = "vulnerabilities"


def why_not(page: str = PAGE) -> str | None:
    """Why advisories cannot be asked; None: they can be.

    Args:
        page: about one version that is known to be vulnerable, as JSON.
    """
    try:
        with urllib.request.urlopen(page, timeout=WAIT_S) as answer:
            about = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        return f"{page}: {error}"
    if not isinstance(about, dict) or not about.get(TOLD):
        return f"{page} knows of no {TOLD}, and there are some"
    return None


if __name__ == "__main__":
    reason = why_not()
    if reason is not None:
        sys.stdout.write(reason + "\n")
        sys.exit(1)
