"""One poisoned order or item must not stop its shop: it is found, and set aside alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from redis.exceptions import RedisError
from rq.timeouts import BaseTimeoutException

from app.db.outages import NO_DATABASE
from app.db.shops import LeaseLostError
from app.errors import BacklineError

# These are about the shop, the database, Redis or the job, never about one row.
_NOT_POISON = (BacklineError, LeaseLostError, *NO_DATABASE, RedisError, BaseTimeoutException)

T = TypeVar("T")

log = structlog.get_logger()


def unless_poisoned(act: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """Act; where a row makes that fail, go on otherwise."""
    try:
        return act()
    except _NOT_POISON:
        raise
    except Exception:
        log.exception("left to be done one by one")
        return otherwise()


def act_on_all(
    batch: Sequence[T], act: Callable[[Sequence[T]], None], quarantine: Callable[[T, str], None]
) -> None:
    """Act on the whole batch; if that fails, halve it until the one that fails stands alone. `act`
    must be safe to repeat for what it has done already."""
    if not batch:
        return
    try:
        act(batch)
    except _NOT_POISON:
        raise
    except Exception as error:
        if len(batch) > 1:
            middle = len(batch) // 2
            act_on_all(batch[:middle], act, quarantine)
            act_on_all(batch[middle:], act, quarantine)
            return
        log.exception("set aside", what=str(batch[0]))
        quarantine(batch[0], f"{type(error).__name__}: {error}")
