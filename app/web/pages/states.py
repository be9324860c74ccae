"""How the page names the states and lists of orders. A new state is a line in `app.db.pages.orders`
and one here."""

from collections.abc import Mapping
from typing import NamedTuple


class Label(NamedTuple):
    """A state's badge, the name of its list, and what an empty one says: a sentence and what next."""

    tone: str
    badge: str
    name: str
    empty: str = "No such order."
    empty_next: str = "Orders come here by themselves as soon as they are in this state."


LABELS: Mapping[str, Label] = {
    "short": Label(
        "warn",
        "Backordered",
        "Short now",
        "No order waits for stock.",
        "An order stands here as soon as stock does not cover it.",
    ),
    "preorder": Label(
        "info",
        "Preorder",
        "Preorders",
        "No preorder waits.",
        "Orders stand here while what they wait for is not out yet: an item's page says what it is.",
    ),
    "undated": Label(
        "bad",
        "Needs a decision",
        "Needs a decision",
        "Every promise has a day.",
        "Orders stand here while no arrival and no lead time covers them.",
    ),
    "risk": Label(
        "warn",
        "At risk",
        "At risk",
        "No promise is at risk.",
        "Orders stand here when their day is three days away or less and no arrival covers them.",
    ),
    "pending": Label("info", "Write pending", "Write pending", "Everything is written."),
    "failed": Label(
        "bad",
        "Failed",
        "Failed",
        "No write has failed.",
        "Orders that the platform refuses to change stand here with its reason.",
    ),
    "held": Label(
        "quiet",
        "Held back",
        "Held back",
        "No order is held back.",
        "Open an order and hold it back to keep Backline from writing on it.",
    ),
    "released": Label(
        "good",
        "Released today",
        "Released today",
        "No order was released today.",
        "Orders stand here on the day on which their stock has come.",
    ),
    "all": Label(
        "quiet", "", "All", "No orders yet.", "Orders stand here once Backline has heard of them."
    ),
}

NOTHING_OPEN = Label("good", "Nothing waits", "")
CANCELLED = Label("quiet", "Cancelled", "")


def badges(states: tuple[str, ...], *, is_cancelled: bool) -> list[Label]:
    """The badges of one order; one that is called a preorder, at risk or undated need not be called
    backordered too."""
    if is_cancelled:
        return [CANCELLED]
    is_told = {"preorder", "undated", "risk"} & set(states)
    said = [name for name in states if not (name == "short" and is_told)]
    return [LABELS[name] for name in said] or [NOTHING_OPEN]
