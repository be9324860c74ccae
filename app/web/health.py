"""For those who run it: is the process alive, can it work, and what has it done."""

import hmac
import os

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError

from app.pipeline.runtime import Runtime
from app.web import access, browser_sessions
from app.web.gauges import gauges


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`/healthz` (the process answers), `/readyz` (the database does), `/metrics` (with a token: its
    counts tell how a shop is doing)."""
    blueprint = Blueprint("health", __name__)
    measured = gauges(runtime)

    @blueprint.get("/healthz")
    @access.machines
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @access.machines
    def readyz() -> tuple[Response, int]:
        database, redis = _database_answers(runtime), _redis_answers(runtime)
        return jsonify(database=database, redis=redis), 200 if database else 503

    @blueprint.get("/metrics")
    @access.machines
    def metrics() -> Response:
        _ask_for_token(runtime.settings.metrics_token)
        text = generate_latest(_all_counts()) + generate_latest(measured)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _all_counts() -> CollectorRegistry:
    """Those of every process of this web server, where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it is published half typed
    return registry


def _ask_for_token(wanted: str) -> None:
    if not wanted:
        if not browser_sessions.is_local_visit():
            abort(401, "Set METRICS_TOKEN, and send it as a bearer token.")
        return
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        abort(401, "Send METRICS_TOKEN as a bearer token.")


def _database_answers(runtime: Runtime) -> bool:
    try:
        with runtime.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _redis_answers(runtime: Runtime) -> bool:
    """Without Redis webhooks are still taken, so the process stays ready."""
    try:
        return bool(runtime.redis.ping())
    except RedisError:
        return False
