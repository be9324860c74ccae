"""The Flask application."""

from flask import Flask, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RoutingException
from werkzeug.wrappers import Response

from app.logs import configure_logs
from app.pipeline.runtime import Runtime, build_runtime
from app.settings import load_settings
from app.web import (
    access,
    addresses,
    api,
    failures,
    headers,
    health,
    install_bigcommerce,
    install_shopify,
    signing_in,
    webhooks,
)
from app.web.pages import (
    activity,
    alerts,
    compliance,
    deliveries,
    feeds,
    frame,
    import_arrivals,
    incoming,
    item,
    order,
    orders,
    overview,
    refund,
    selling,
    settings,
    setup,
)
from app.web.passwords import Passwords

_PAGES = (
    overview,
    orders,
    order,
    item,
    incoming,
    activity,
    compliance,
    deliveries,
    settings,
    selling,
    refund,
    alerts,
    setup,
    import_arrivals,
    feeds,
)

LARGEST_BODY = 2 * 1024 * 1024

_SERVICES = (webhooks, health, api, install_shopify, install_bigcommerce)


def create_app(
    runtime: Runtime | None = None, *, has_open_pages: bool = False, passwords: Passwords | None = None
) -> Flask:
    """The application. A web process serves it behind `app.web.front`; called without arguments it
    serves under any WSGI server.

    `has_open_pages`: whoever asks from this machine itself manages every shop without signing in, which
    only the local commands may allow. `passwords`: how they are kept, if not as always.
    """
    if runtime is None:
        configure_logs(as_json=True)
        runtime = build_runtime(load_settings())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["HAS_OPEN_PAGES"] = has_open_pages
    addresses.bound_parts(app)
    app.before_request(_allow_large_file)
    headers.harden(app, runtime.settings)
    access.protect(app, runtime)
    failures.explain(app)
    app.add_url_rule("/favicon.ico", "favicon", _icon)
    app.register_blueprint(signing_in.make_blueprint(app, runtime, passwords or Passwords()))
    frame.prepare(app, runtime)
    for module in (*_SERVICES, *_PAGES):
        app.register_blueprint(module.make_blueprint(runtime))
    _trust_proxies(app, runtime.settings.trusted_proxies)
    return app


def _allow_large_file() -> None:
    """One page takes a file; it must be known before anybody reads the form's token from it."""
    if request.endpoint == import_arrivals.UPLOAD_ENDPOINT:
        request.max_content_length = import_arrivals.LARGEST_FILE


@access.machines
def _icon() -> Response:
    """Browsers ask for it by themselves where a page names none."""
    return redirect(url_for("static", filename="icon.svg"), 301)


def largest_body(app: Flask, method: str, path: str) -> int:
    """How many bytes a request may have; whoever reads it before the application is asked must know."""
    try:
        endpoint, _ = app.url_map.bind("").match(path, method)
    except (HTTPException, RoutingException):
        return LARGEST_BODY
    is_upload = endpoint == import_arrivals.UPLOAD_ENDPOINT
    return import_arrivals.LARGEST_FILE if is_upload else LARGEST_BODY


def _trust_proxies(app: Flask, count: int) -> None:
    """Believe the last `count` routers which address calls and by which scheme. Not which host: many
    routers hand on whatever a caller writes there."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
