"""The jobs: each loads what it needs and calls one function of the app. They carry ids, never
objects."""

from app.pipeline import runtime
from app.pipeline.runtime import Runtime, build_runtime
from app.settings import load_settings


def advance_shop(shop_id: int) -> None:
    """Work on one shop until nothing is due."""
    machine = _machine()
    try:
        runtime.advance_shop(machine, shop_id)
    finally:
        machine.engine.dispose()


def sweep() -> None:
    """Ring every shop that has anything due: what a lost Redis, a lost ring or a killed worker left."""
    machine = _machine()
    try:
        runtime.ring_shops_with_work(machine)
    finally:
        machine.engine.dispose()


def _machine() -> Runtime:
    """Built per job: RQ forks a process for each, and connections do not survive a fork."""
    return build_runtime(load_settings())
