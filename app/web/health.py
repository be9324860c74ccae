"""For those who run it: is the process alive, can it work, and what has it done."""

import hmac
import os

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError

from app.db import migrate
from app.db.migrate import Schema
from app.pipeline.runtime import Runtime
from app.web import access, browser_sessions
from app.web.gauges import gauges


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`/healthz` (the process answers), `/readyz` (the database does, and was migrated), `/metrics`
    (with a token: its counts tell how a shop is doing)."""
    blueprint = Blueprint("health", __name__)
    measured = gauges(runtime)

    @blueprint.get("/healthz")
    @access.machines
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @access.machines
    def readyz() -> tuple[Response, int]:
        schema, redis = _schema(runtime), _redis_answers(runtime)
        is_migrated = schema not in (None, Schema.OLDER)
        told = jsonify(database=schema is not None, migrated=is_migrated, redis=redis)
        return told, 200 if is_migrated else 503

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


def _schema(runtime: Runtime) -> Schema | None:
    """None where the database does not answer."""
    try:
        return migrate.compare(runtime.engine)
    except sa.exc.SQLAlchemyError:
        return None


def _redis_answers(runtime: Runtime) -> bool:
    """Without Redis webhooks are still taken, so the process stays ready."""
    try:
        return bool(runtime.redis.ping())
    except RedisError:
        return False
