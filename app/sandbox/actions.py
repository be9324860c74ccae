"""An action of a merchant: made alone, then told to everybody concerned."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Books(Protocol):
    """What a shop knows; it remembers what an action changed until the action is over."""

    def close_action(self) -> None:
        """Announce what changed."""


class Shop(Protocol):
    """A sandbox of any platform."""

    lock: threading.RLock

    @property
    def books(self) -> Books:
        """Its state."""


S = TypeVar("S", bound=Shop)


def action(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run alone, then announce what changed. Also after a refusal, which may leave part of it done."""

    @wraps(method)
    def alone(shop: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with shop.lock:
            try:
                return method(shop, *args, **kwargs)
            finally:
                shop.books.close_action()

    return alone
