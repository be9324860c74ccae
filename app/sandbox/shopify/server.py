"""The shops over HTTP, and the same without a socket for tests.

`create_app` is reached both as `https://{shop}/admin/...` and as `http://127.0.0.1:9100/{shop}/admin/...`.
"""

from collections.abc import Sequence

from flask import Flask, Response, jsonify, request

from app.sandbox.serving import AppAdapter, NoAnswer, RunningShops, cut, serve_app
from app.sandbox.shopify import oauth
from app.sandbox.shopify.call import Call
from app.sandbox.shopify.records import RequestRecord
from app.sandbox.shopify.shop import SandboxShop

# An older version falls forward to the first of these; whichever is asked for, 2026-10 answers.
SUPPORTED_VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")


def create_app(shops: Sequence[SandboxShop]) -> Flask:
    """A WSGI app that is all these shops."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # GraphQL answers keep the order asked for
    by_domain = {shop.domain: shop for shop in shops}

    @app.post("/<domain>/admin/api/<version>/graphql.json")
    @app.post("/admin/api/<version>/graphql.json")
    def graphql(version: str, domain: str | None = None) -> Response:
        shop = by_domain.get(domain or request.host)
        if shop is None or version > SUPPORTED_VERSIONS[-1]:
            return _refusal(404, "Not Found")
        return _answer(shop, version, prefix=domain)

    @app.get("/<domain>/bulk/<token>.jsonl")
    @app.get("/bulk/<token>.jsonl")
    def bulk_result(token: str, domain: str | None = None) -> Response:
        shop = by_domain.get(domain or request.host)
        found = (
            [one.result for one in shop.bulk_operations.values() if one.token == token] if shop else []
        )
        if not found or found[0] is None:
            return _refusal(404, "Not Found")
        return Response(found[0], mimetype="application/jsonl")

    @app.post("/<domain>/staged-uploads")
    @app.post("/staged-uploads")
    def staged_upload(domain: str | None = None) -> Response:
        shop = by_domain.get(domain or request.host)
        upload = shop.staged_uploads.get(request.form.get("key", "")) if shop else None
        if upload is None or request.form.to_dict() != upload.form or "file" not in request.files:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        upload.content = request.files["file"].read()
        return Response("<PostResponse/>", 201, mimetype="application/xml")

    app.register_blueprint(oauth.make_blueprint(by_domain))
    app.register_error_handler(NoAnswer, cut)
    return app


def _refusal(status: int, message: str, **headers: str) -> Response:
    response = jsonify({"errors": message})
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def _answer(shop: SandboxShop, version: str, *, prefix: str | None) -> Response:
    if shop.before_request:
        shop.before_request()
    with shop.lock:
        shop.request_count += 1
        number = shop.request_count
    shop.faults.wait()
    if shop.faults.strikes("reset"):
        shop.requests.append(RequestRecord(number, shop.clock(), "", 0, 0, "reset"))
        raise NoAnswer(was_applied=False)
    refusal = _refuse(shop)
    if refusal is not None:
        shop.requests.append(RequestRecord(number, shop.clock(), "", 0, 0, str(refusal.status_code)))
        return refusal
    base_url = request.host_url.rstrip("/") + (f"/{prefix}" if prefix else "")
    body = request.get_json(silent=True)
    with shop.lock:
        answer = shop.api.answer(body if isinstance(body, dict) else {}, Call(shop, number, base_url))
    if shop.faults.strikes("lose_answer"):
        raise NoAnswer(was_applied=True)
    response = jsonify(answer)
    response.headers["X-Shopify-API-Version"] = max(version, SUPPORTED_VERSIONS[0])
    response.headers["X-Request-Id"] = str(number)
    response.date = shop.clock()
    return response


def _refuse(shop: SandboxShop) -> Response | None:
    """What happens before a request has any effect."""
    if shop.faults.closed_status:
        reasons = {402: "Unavailable Shop", 404: "Not Found"}
        return _refusal(shop.faults.closed_status, reasons[shop.faults.closed_status])
    if shop.faults.is_token_revoked or not shop.oauth.opens(
        request.headers.get("X-Shopify-Access-Token")
    ):
        return _refusal(
            401, "[API] Invalid API key or access token (unrecognized login or wrong password)"
        )
    if shop.faults.strikes("rate_limited"):
        wait_s = f"{shop.faults.retry_after_s:.1f}"
        return _refusal(429, "Exceeded 2 calls per second for api client.", Retry_After=wait_s)
    if shop.faults.strikes("html_error"):
        return Response(
            "<!DOCTYPE html><html><body>Something went wrong</body></html>", 502, mimetype="text/html"
        )
    if shop.faults.strikes("server_error"):
        return _refusal(shop.faults.random.choice((500, 503)), "Internal Server Error")
    return None


class SandboxAdapter(AppAdapter):
    """Lets a `requests.Session` talk to the shops without a socket: mount it on their base URL."""

    def __init__(self, shops: Sequence[SandboxShop]) -> None:
        super().__init__(create_app(shops))


def serve(shops: Sequence[SandboxShop], host: str = "127.0.0.1", port: int = 9100) -> RunningShops:
    """Serve the shops until stopped, each under `{base_url}/{its domain}`. Port 0 is any free port."""
    return serve_app(create_app(shops), host=host, port=port)
