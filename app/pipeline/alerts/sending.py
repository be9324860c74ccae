"""Who is sent what now. Run by the clock, which lives on where workers and Redis do not."""

import threading
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.alerts import AlertKind, Digest, Finding, digest_key, is_over, news
from app.db import alerts
from app.db.models import AlertSubscriptionRow, Shop
from app.logs import first_line
from app.mail import MailError, send_mail
from app.pipeline.alerts.findings import AlertContext, find_all
from app.pipeline.alerts.letters import Letter, alert_letter, digest_letter, last_lines
from app.pipeline.alerts.links import unsubscribe_link
from app.pipeline.context import zone_of
from app.pipeline.machines import Machines, look_at_machines
from app.pipeline.runtime import Runtime

EVERY_S = 300.0

log = structlog.get_logger()


def keep_telling(runtime: Runtime, stop: threading.Event) -> None:
    """Look at all shops every five minutes until told to stop."""
    while not stop.wait(EVERY_S):
        try:
            tell_all(runtime)
        except SQLAlchemyError as error:
            log.warning("nobody can be told: no database", error=first_line(error))
        except Exception:  # a thread that ends is missed by nobody; the next look may go well
            log.exception("nobody can be told")


def tell_all(runtime: Runtime) -> int:
    """Send everybody what is new to them; returns how many emails left. Nobody gets any without
    SMTP_URL."""
    if not runtime.settings.smtp_url:
        return 0
    machines = look_at_machines(runtime.redis)
    with runtime.sessions.begin() as session:
        shop_ids = alerts.shops_with_subscriptions(session)
    return sum(_tell_shop(runtime, shop_id, machines) for shop_id in shop_ids)


def _tell_shop(runtime: Runtime, shop_id: int, machines: Machines) -> int:
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        shop = session.get(Shop, shop_id)
        if shop is None:
            return 0
        look = AlertContext(session, shop, machines, now)
        found, people = find_all(look), alerts.list_subscriptions(session, shop_id)
        letters = [
            (person, keys, letter)
            for person in people
            for keys, letter in _letters(runtime, look, person, found)
        ]
    return sum(_send(runtime, person, keys, letter) for person, keys, letter in letters)


def _letters(
    runtime: Runtime, look: AlertContext, person: AlertSubscriptionRow, found: Sequence[Finding]
) -> list[tuple[list[str], Letter]]:
    """What to send somebody, and the keys of what is in it."""
    shop, session = look.shop, look.session
    told = alerts.told_keys(session, shop.id, person.email)
    over = [key for key in told if is_over(key, found)]
    alerts.forget(session, shop.id, person.email, over)
    name, home = shop.name or shop.domain, f"{runtime.settings.app_url}/shops/{shop.id}"
    hour = look.now.astimezone(zone_of(shop.time_zone)).hour
    kinds = {AlertKind(kind) for kind in person.kinds}
    letters = []
    if new := news(found, kinds=kinds, told=told, hour=hour):
        letters.append(([each.key for each in new], alert_letter(name, new, home=home)))
    key = digest_key(Digest(person.digest), today=look.today, hour=hour)
    if key is not None and key not in told:
        letters.append(([key], digest_letter(name, look, Digest(person.digest), home=home)))
    return letters


def _send(runtime: Runtime, person: AlertSubscriptionRow, keys: list[str], letter: Letter) -> int:
    """Remembered before it leaves, so that two clocks do not both send it; forgotten if it does not."""
    settings, now = runtime.settings, runtime.clock()
    with runtime.sessions.begin() as session:
        if not alerts.claim(session, person.shop_id, person.email, keys, now=now):
            return 0
    link = unsubscribe_link(settings, person.shop_id, person.email)
    page = f"{settings.app_url}/shops/{person.shop_id}/alerts"
    try:
        send_mail(
            settings,
            person.email,
            letter.subject,
            f"{letter.text}\n\n-- \n{last_lines(page, link)}",
            unsubscribe=link,
        )
    except MailError as error:
        log.warning("an alert did not leave", shop=person.shop_id, reason=str(error))
        with runtime.sessions.begin() as session:
            alerts.forget(session, person.shop_id, person.email, keys)
        return 0
    return 1
