"""How long what a shop was told and did is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """`deliveries` that were worked on, `failed_deliveries` that nobody tried again, the `events` of the
    audit, `orders` that are finished, and `released_orders` that still show something of ours."""

    deliveries: timedelta = timedelta(days=30)
    failed_deliveries: timedelta = timedelta(days=90)
    events: timedelta = timedelta(days=730)
    orders: timedelta = timedelta(days=60)
    released_orders: timedelta = timedelta(days=400)


USUAL = Retention()
