"""Answers of the API: JSON, and refusals as problem details (RFC 9457)."""

from typing import Any

import msgspec
from flask import Response

MINUTE_S = 60


class Problem(Exception):
    """The whole request is refused; see RFC 9457."""

    def __init__(self, status: int, title: str, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        self.status = status


def answer(status: int, body: dict[str, Any]) -> Response:
    """JSON with a status."""
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")


def refuse(problem: Problem) -> Response:
    """The refusal of a whole request."""
    response = answer(problem.status, problem.body)
    response.mimetype = "application/problem+json"
    if problem.status == 401:  # noqa: PLR2004 -- the standard asks for it
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 429:  # noqa: PLR2004
        response.headers["Retry-After"] = str(MINUTE_S)
    return response
