"""The Flask application."""

from flask import Flask, Response

from app.logs import configure_logs
from app.pipeline.runtime import Runtime, build_runtime
from app.settings import load_settings
from app.web import health, webhooks
from app.web.pages import activity, deliveries, frame, order, orders, overview

LARGEST_BODY = 2 * 1024 * 1024

_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def create_app(runtime: Runtime | None = None, *, has_open_pages: bool = False) -> Flask:
    """The application; called without arguments by the web server of a production process.

    `has_open_pages` serves the status pages to whoever asks, which only the local commands may do.
    """
    if runtime is None:
        configure_logs(as_json=True)
        runtime = build_runtime(load_settings())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.register_blueprint(webhooks.make_blueprint(runtime))
    app.register_blueprint(health.make_blueprint(runtime))
    if has_open_pages:
        frame.prepare(app)
        for page in (overview, orders, order, activity, deliveries):
            app.register_blueprint(page.make_blueprint(runtime))
    app.after_request(_harden)
    return app


def create_local_app() -> Flask:
    """The application of the local commands, which listen on this machine alone."""
    configure_logs(as_json=False)
    return create_app(build_runtime(load_settings()), has_open_pages=True)


def _harden(response: Response) -> Response:
    """No page of ours runs scripts, loads from elsewhere or stands in a frame."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
