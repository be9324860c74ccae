"""The words of the emails that staff get."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.core.alerts import AlertKind, Digest, Finding
from app.db.pages import alerts
from app.db.pages.incoming import count_deliveries
from app.db.pages.overview import count_waiting
from app.pipeline.alerts.findings import AlertContext, spell
from app.pipeline.compliance import most_pressing

_SHOWN = 20

_TITLES = {
    AlertKind.STUCK: "Something is stuck",
    AlertKind.NOTICE: "Delay notices due",
    AlertKind.ORDER: "Orders waiting longer than promised",
    AlertKind.DELIVERY: "Late deliveries",
    AlertKind.TURN: "Orders out of turn",
}
_SUBJECTS = {
    AlertKind.STUCK: "Backline needs attention",
    AlertKind.NOTICE: "a delay notice is due",
    AlertKind.ORDER: "an order waits longer than promised",
    AlertKind.DELIVERY: "a delivery is late",
    AlertKind.TURN: "an order did not wait for its turn",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a text, without the last lines that everybody's own address goes into."""

    subject: str
    text: str


def alert_letter(shop_name: str, findings: Sequence[Finding], *, home: str) -> Letter:
    """One email about all that is new. `home` is the address of the shop's overview."""
    parts = []
    for kind in AlertKind:
        of_kind = [each for each in findings if each.kind is kind]
        if of_kind:
            parts.append(_part(kind, of_kind, home))
    first = _SUBJECTS[findings[0].kind]
    others = len(findings) - 1
    more = f", and {others} more" if others else ""
    return Letter(f"{shop_name}: {first}{more}", "\n\n".join(parts))


def _part(kind: AlertKind, findings: Sequence[Finding], home: str) -> str:
    lines = [_TITLES[kind]]
    for each in findings[:_SHOWN]:
        lines += [f"- {each.text}", f"  {home}/{each.page}" if each.page else f"  {home}"]
    if len(findings) > _SHOWN:
        lines.append(f"- and {len(findings) - _SHOWN} more")
    return "\n".join(lines)


def digest_letter(shop_name: str, look: AlertContext, digest: Digest, *, home: str) -> Letter:
    """The sums of a day or a week, and where to read more."""
    days = 7 if digest is Digest.WEEKLY else 1
    since = look.today - timedelta(days=days)
    totals = count_waiting(look.session, look.shop.id)
    released = alerts.count_released(look.session, look.shop.id, since=since, before=look.today)
    coming = count_deliveries(look.session, look.shop.id, today=look.today)
    tasks = most_pressing(look.session, look.shop, now=look.now, most=alerts.MOST).tasks
    due = sum(task.by <= look.today for task in tasks)
    when = "in the last 7 days" if days > 1 else "yesterday"
    lines = [
        f"Backordered: {_count(totals.orders, 'order')}, {_count(totals.units, 'unit')}",
        f"Released {when}: {_count(released, 'order')}",
        f"Late-order tasks due today: {due:,}",
        f"Deliveries in the next 7 days: {coming.week:,}; late: {coming.late:,}",
    ]
    what = "weekly" if days > 1 else "daily"
    heading = f"Your {what} summary for {spell(look.today)}"
    return Letter(f"{shop_name}: {what} backorder summary", "\n".join([heading, *lines, home]))


def last_lines(settings_page: str, link: str) -> str:
    """Why somebody gets this, and how to end it."""
    return f"Choose what you get: {settings_page}\nUnsubscribe: {link}\n"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
