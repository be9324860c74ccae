"""What whoever asks is told where a page can't be shown: why, and what to do, in our own look."""

from http import HTTPStatus

import structlog
from flask import Flask, g, render_template, request
from prometheus_client import Counter
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.db.engine import TablesMissingError
from app.db.outages import NO_DATABASE
from app.logs import first_line
from app.web import headers
from app.web.api.answers import Problem, refuse

RETRY_S = 30
WITHOUT_DATABASE = Counter("backline_without_database", "Requests that the database did not serve")

_FIRST_BAD = 400
_TITLES = {
    400: "This request can’t be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "There is nothing here",
    405: "This address takes no such request",
    409: "This can’t be done now",
    413: "This is too large",
    422: "Something is missing",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Backline can’t reach its database",
}
_ADVICE = {
    404: "Check the address, or begin at the overview. A shop that you may not see looks the same.",
    405: "Open the page and use its forms.",
    413: "Send less at once.",
    500: "The error is logged. Try again; if it keeps happening, tell whoever runs Backline when.",
    503: "Nothing is lost. The page comes back with the database: load it again in half a minute.",
}

_NO_TABLES_TITLE = "Backline’s database is not up to date"
_NO_TABLES = (
    "Whoever runs Backline must run `backline release`, which makes and updates its tables. Nothing is "
    "lost meanwhile: the platforms send their webhooks again. If `release` says that all is well, look "
    "at DATABASE_URL and at the rights of its user."
)
_NO_VALUE = "The address or the form holds a character or a number that nothing here can have."

log = structlog.get_logger()


def explain(app: Flask) -> None:
    """Answer every error of a page with a page, and every other with a line of text."""
    app.register_error_handler(HTTPException, _tell)
    for kind in NO_DATABASE:
        app.register_error_handler(kind, _tell_of_database)
    app.register_error_handler(TablesMissingError, _tell_of_tables)
    app.register_error_handler(DataError, _tell_of_value)


def _tell(error: HTTPException) -> Response | HTTPException:
    """With the status and headers that the error brings; a redirect is none."""
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code < _FIRST_BAD or error.response is not None:
        return error
    # What a view itself says is meant for people; what the library says of a status is not.
    said = "" if error.description == type(error).description else error.description or ""
    return _answered(Response(headers=_headers(error), status=code), code, said)


def _headers(error: HTTPException) -> list[tuple[str, str]]:
    return [pair for pair in error.get_headers() if pair[0].lower() != "content-type"]


def _tell_of_database(error: Exception) -> Response:
    """One line in the log: where the database is away every request meets it."""
    WITHOUT_DATABASE.inc()
    log.error("the database does not serve a request", error=first_line(error), path=request.path)
    answer = Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_S)})
    return _answered(answer, HTTPStatus.SERVICE_UNAVAILABLE, "")


def _tell_of_tables(error: Exception) -> Response:
    """The migrations have not run: whoever runs Backline must act, and everybody else may wait."""
    WITHOUT_DATABASE.inc()
    log.error("the database has not been migrated", error=first_line(error), path=request.path)
    answer = Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_S)})
    return _answered(answer, HTTPStatus.SERVICE_UNAVAILABLE, _NO_TABLES, title=_NO_TABLES_TITLE)


def _tell_of_value(error: Exception) -> Response:
    """What was asked for holds something that no column does. Each page looks at what it knows of;
    whatever gets past that is the caller's all the same, and no fault of ours."""
    log.warning("a request holds what can't be looked up", error=first_line(error), path=request.path)
    return _answered(Response(status=HTTPStatus.BAD_REQUEST), HTTPStatus.BAD_REQUEST, _NO_VALUE)


def _answered(answer: Response, code: int, said: str, *, title: str = "") -> Response:
    title = title or _TITLES.get(code, "This did not work")
    advice = said or _ADVICE.get(code, "Go back, and try once more.")
    if request.path.startswith("/api/"):
        return _problem(answer, Problem(code, title, advice))
    if "text/html" in request.headers.get("Accept", ""):
        if g.get("viewer") is None:
            headers.show_in_frames_of_admins()
        answer.data = render_template("failure.html", title=title, advice=advice)
        answer.mimetype = "text/html"
    else:
        answer.data = f"{title}: {advice}\n"
        answer.mimetype = "text/plain"
    return answer


def _problem(answer: Response, problem: Problem) -> Response:
    """What docs/api.md promises to programs, whatever failed."""
    refusal = refuse(problem)
    for name, value in answer.headers.items():
        refusal.headers.setdefault(name, value)
    return refusal
