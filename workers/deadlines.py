"""When the jobs of this process must have ended. RQ's own alarm is a signal, which the main thread alone
gets; here jobs run in other threads, and the main thread watches over them."""

import ctypes
import threading
import time
from typing import ClassVar

import structlog
from rq.timeouts import BaseDeathPenalty, BaseTimeoutException

# How long a job has to come to its end once its time is over: a request to a platform, or a statement
# that the database holds up, hears of it only when it returns.
_GRACE_S = 30

log = structlog.get_logger()


class Deadline(BaseDeathPenalty):
    """The time that RQ gives the job which its thread runs now."""

    _lock = threading.Lock()
    _until: ClassVar[dict[int, float]] = {}
    _told: ClassVar[dict[int, type[BaseTimeoutException]]] = {}

    def setup_death_penalty(self) -> None:
        """The job begins."""
        with self._lock:
            self._until[threading.get_ident()] = time.monotonic() + self._timeout
            self._told[threading.get_ident()] = self._exception

    def cancel_death_penalty(self) -> None:
        """The job has ended; what it was told in this very moment reaches it here."""
        with self._lock:
            self._until.pop(threading.get_ident(), None)
            self._told.pop(threading.get_ident(), None)

    @classmethod
    def enforce(cls) -> tuple[int, int]:
        """Raise RQ's exception in each job whose time is over. Returns how many were told just now, and
        how many were told before and have not ended."""
        now = time.monotonic()
        with cls._lock:
            late = [thread for thread, until in cls._until.items() if until <= now]
            told = [thread for thread in late if _raise_in(thread, cls._told.pop(thread, None))]
            deaf = [thread for thread in late if cls._until[thread] + _GRACE_S <= now]
        if told:
            log.error("jobs took too long and were ended", jobs=len(told))
        return len(told), len(deaf)


def _raise_in(thread: int, error: type[BaseTimeoutException] | None) -> bool:
    """Have the thread raise it at its next instruction; False for no error."""
    if error is None:
        return False
    # https://docs.python.org/3/c-api/threads.html#c.PyThreadState_SetAsyncExc
    raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
    return bool(raised)
