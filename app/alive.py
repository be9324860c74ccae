"""`python -m app.alive`: whether the web process beside us answers, for a container's health check."""

import os
import sys
import urllib.request

_WAIT_S = 4


def is_alive(port: str) -> bool:
    """Ask it; no answer in time is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=_WAIT_S) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 -- the standard's own number
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not is_alive(os.environ.get("PORT", "8000")))
