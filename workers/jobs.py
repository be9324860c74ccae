"""The jobs: each calls one function of the app. They carry ids, never objects."""

from collections.abc import Callable

from app.pipeline import runtime
from app.pipeline.runtime import Runtime, build_runtime
from app.settings import load_settings

_kept: list[Runtime] = []


def keep(machine: Runtime) -> None:
    """From here on the jobs of this process share its engine and clients. A job that finds none kept
    builds its own, and lets go of it."""
    _kept[:] = [machine]


def advance_shop(shop_id: int) -> None:
    """Work on a shop that rang, for a slice of time."""
    _run(runtime.advance_shop, shop_id)


def continue_shop(shop_id: int) -> None:
    """Work on a shop whose slices are long: more of the same, or behind a platform that is slow."""
    _run(runtime.continue_shop, shop_id)


def _run(act: Callable[[Runtime, int], None], shop_id: int) -> None:
    if _kept:
        act(_kept[0], shop_id)
        return
    machine = build_runtime(load_settings())
    try:
        act(machine, shop_id)
    finally:
        machine.engine.dispose()
