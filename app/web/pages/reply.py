"""What staff may answer a buyer who asks: ready to be copied, and never sent by Backline."""

from collections.abc import Sequence

from app.db.models import Order
from app.db.pages.order import ItemOfOrder
from app.web.pages.formatting import Words


def reply_words(order: Order, items: Sequence[ItemOfOrder], say: Words, *, block: str) -> str:
    """Nothing for an order that does not wait. In the shop's language: in English as a letter would say
    it, else by the sentences of the note (`block`)."""
    if order.is_cancelled or not order.short:
        return ""
    if say.locale.language != "en":
        return "\n".join(line for line in block.splitlines() if not line.startswith("["))
    short = [one for one in items if one.short]
    ready = [one for one in items if one.outstanding and not one.short]
    said = [
        f"Your order {order.name} is on backorder for {_together([_units(one) for one in short])}.",
        f"We expect to ship it by {say.day(order.expected_on)}."
        if order.expected_on
        else "We do not have a date for it yet, and will write to you as soon as we do.",
    ]
    if ready:
        said.append("Everything else in your order is in stock.")
    return " ".join(said)


def _units(one: ItemOfOrder) -> str:
    return f"{one.short} × {one.title}"


def _together(names: Sequence[str]) -> str:
    """a; a and b; a, b, and c."""
    if len(names) < 3:  # noqa: PLR2004 -- two need no comma
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"
