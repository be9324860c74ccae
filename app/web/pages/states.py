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
    empty_next: str = "Orders appear here as soon as they are in this state."


LABELS: Mapping[str, Label] = {
    "short": Label(
        "warn",
        "Backordered",
        "Backordered",
        "No backordered orders.",
        "Backordered orders will appear here.",
    ),
    "preorder": Label(
        "info",
        "Preorder",
        "Preorders",
        "No preorders waiting.",
        "Orders for items marked as preorder on the item's page appear here until their release.",
    ),
    "undated": Label(
        "bad",
        "Needs a decision",
        "Needs a decision",
        "Every backordered order has a date.",
        "Orders appear here when no delivery and no lead time gives them a date.",
    ),
    "risk": Label(
        "warn",
        "At risk",
        "At risk",
        "No dates at risk.",
        "Orders appear here when they are 30% or more likely to ship later than first promised, or when "
        "their date is three days away or less and no delivery covers them.",
    ),
    "pending": Label(
        "info",
        "Updating",
        "Updating",
        "All orders are up to date.",
        "Orders appear here while Backline updates their tags and notes.",
    ),
    "failed": Label(
        "bad",
        "Update failed",
        "Update failed",
        "No updates have failed.",
        "Orders that the platform refuses to change appear here with the reason.",
    ),
    "held": Label(
        "quiet",
        "Paused",
        "Paused",
        "No orders are paused.",
        "Open an order and choose Pause updates to keep Backline from changing it.",
    ),
    "released": Label(
        "good",
        "Released today",
        "Released today",
        "No order was released today.",
        "Orders appear here on the day their stock arrives.",
    ),
    "all": Label("quiet", "", "All", "No orders yet.", "Orders appear here once the shop has some."),
}

NOTHING_OPEN = Label("good", "In stock", "")
CANCELLED = Label("quiet", "Canceled", "")


def badges(states: tuple[str, ...], *, is_cancelled: bool) -> list[Label]:
    """The badges of one order; one that is called a preorder, at risk or undated need not be called
    backordered too."""
    if is_cancelled:
        return [CANCELLED]
    is_told = {"preorder", "undated", "risk"} & set(states)
    said = [name for name in states if not (name == "short" and is_told)]
    return [LABELS[name] for name in said] or [NOTHING_OPEN]
