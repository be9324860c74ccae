"""What a person sees whose way to us ended: why, and what to do."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from app.errors import BacklineError, NeedsMerchant, RejectedVisit, TryLater
from app.platforms.http import PlatformRefused

_STATUS: dict[type[Exception], int] = {RejectedVisit: 400, NeedsMerchant: 403, TryLater: 503}


def explain(blueprint: Blueprint) -> None:
    """Answer errors of these pages in words. What is neither the visitor's nor the platform's stays a
    defect of ours."""

    def tell(error: BacklineError) -> Response:
        status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
        page = render_template("refused.html", problem=str(error))
        answer = Response(page, status=status, mimetype="text/html")
        if isinstance(error, TryLater):
            answer.headers["Retry-After"] = str(max(1, round(error.after_s)))
        return answer

    def tell_of_platform(_: PlatformRefused) -> Response:
        page = render_template(
            "refused.html", problem="The platform did not answer as expected: try again in a minute."
        )
        return Response(page, status=502, mimetype="text/html")

    for kind in _STATUS:
        blueprint.register_error_handler(kind, tell)
    blueprint.register_error_handler(PlatformRefused, tell_of_platform)
