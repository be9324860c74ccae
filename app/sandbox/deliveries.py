"""Webhooks on their way: late, doubled, lost and out of order, as every platform says they may be.

`WebhookSender` is the postman of the demo; tests take deliveries out of the queue themselves.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import requests

TIMEOUT_S = 5
SUCCESS = range(200, 300)


@dataclass(frozen=True)
class PendingDelivery:
    """One HTTP request that the platform means to send: to `address`, with these headers and raw
    bytes."""

    headers: Mapping[str, str]
    body: bytes
    topic: str
    address: str
    due_at: datetime
    serial: int
    subscription_id: int | None = None
    tries: int = 0


@dataclass
class WebhookKnobs:
    """How badly deliveries behave; everything is drawn from the shop's own random numbers."""

    delay_s: tuple[float, float] = (0, 0)
    duplicate_rate: float = 0
    loss_rate: float = 0
    is_shuffled: bool = False


@dataclass
class DeliveryQueue:
    """The deliveries of one shop. `given_up` are those whose last try failed."""

    clock: Callable[[], datetime]
    random: random.Random
    knobs: WebhookKnobs = field(default_factory=WebhookKnobs)
    announced: list[str] = field(default_factory=list)
    given_up: list[PendingDelivery] = field(default_factory=list)
    _waiting: list[PendingDelivery] = field(default_factory=list)
    _serial: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def is_lost(self) -> bool:
        """Whether the delivery about to be made never leaves the platform."""
        return self.random.random() < self.knobs.loss_rate

    def post(
        self,
        topic: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        address: str,
        subscription_id: int | None,
    ) -> None:
        """Queue one delivery, and now and then its double."""
        first = PendingDelivery(
            headers, body, topic, address, self._due_at(), self._next_serial(), subscription_id
        )
        self._waiting.append(first)
        if self.random.random() < self.knobs.duplicate_rate:
            self._waiting.append(replace(first, due_at=self._due_at(), serial=self._next_serial()))

    def _due_at(self) -> datetime:
        return self.clock() + timedelta(seconds=self.random.uniform(*self.knobs.delay_s))

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial

    def take_due(self, now: datetime) -> list[PendingDelivery]:
        """What is to be sent by now; each must be `answered`, or it counts as lost on the way."""
        with self._lock:
            due = [one for one in self._waiting if one.due_at <= now]
            self._waiting = [one for one in self._waiting if one.due_at > now]
            due.sort(key=lambda one: (one.due_at, one.serial))
            if self.knobs.is_shuffled:
                self.random.shuffle(due)
            return due

    def waiting(self) -> list[PendingDelivery]:
        """Everything not yet taken, soonest first."""
        with self._lock:
            return sorted(self._waiting, key=lambda one: (one.due_at, one.serial))

    def answered(self, delivery: PendingDelivery, status: int | None) -> None:
        """What the address said, None for nothing at all: anything but 2xx is tried again."""
        raise NotImplementedError

    def try_again(self, delivery: PendingDelivery, *, in_s: float) -> None:
        """Send it once more, later."""
        due_at = self.clock() + timedelta(seconds=in_s)
        self._waiting.append(replace(delivery, due_at=due_at, tries=delivery.tries + 1))


class WebhookSender(threading.Thread):
    """Posts what is due, until stopped."""

    def __init__(self, queue: DeliveryQueue, *, pause_s: float = 0.2) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._queue = queue
        self._pause_s = pause_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send, wait a moment, send."""
        with requests.Session() as session:
            while not self._stopping.wait(self._pause_s):
                for delivery in self._queue.take_due(self._queue.clock()):
                    self._queue.answered(delivery, _post(session, delivery))

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stopping.set()
        self.join()


def _post(session: requests.Session, delivery: PendingDelivery) -> int | None:
    try:
        answer = session.post(
            delivery.address,
            data=delivery.body,
            headers=dict(delivery.headers),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return answer.status_code
