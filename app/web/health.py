"""For those who run it: is the process alive, can it work, and what has it done."""

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from app.pipeline.runtime import Runtime


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`/healthz` (the process answers), `/readyz` (the database does), `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        database, redis = _database_answers(runtime), _redis_answers(runtime)
        return jsonify(database=database, redis=redis), 200 if database else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


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
