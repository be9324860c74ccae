"""What every sandbox refuses and notes, whatever platform it stands for."""

from dataclasses import dataclass
from datetime import datetime


class Refused(Exception):
    """The platform would not let a merchant do this."""


class OutOfStock(Refused):
    """A buyer asked for more than there is of something that may not be oversold."""


@dataclass(frozen=True)
class JournalEntry:
    """One write that came through the API, or a request that could not be understood, and its number."""

    at: datetime
    kind: str
    order_id: int | None
    detail: str
    request: int
