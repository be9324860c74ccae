"""What `backline doctor` looks at, from the settings to each shop: what is well, what is not, and what
to do."""

from collections.abc import Iterator
from dataclasses import replace

from app.db import shops
from app.db.models import Shop
from app.pipeline.checks import (
    Check,
    Tone,
    WhereToAct,
    check_at_platform,
    check_installation,
    check_processes,
    check_shop,
    gather_facts,
)
from app.pipeline.machines import look_at_machines
from app.pipeline.runtime import Runtime
from app.web.pages.formatting import Words

_COMMANDS: dict[object, str] = {WhereToAct.FAILED_WEBHOOKS: "`backline deliveries list {domain}`"}
# What a shop can't be looked at without.
_ROOTS = ("Database", "Migrations")


def examine(runtime: Runtime) -> Iterator[Check]:
    """Look at everything, outermost first. Where the database does not answer nothing behind it can be
    looked at."""
    has_tables = True
    for check in check_installation(runtime):
        has_tables &= not (check.name in _ROOTS and check.tone is Tone.FIX)
        yield check
    yield from check_processes(look_at_machines(runtime.redis))
    if has_tables:
        yield from _shops(runtime)


def _shops(runtime: Runtime) -> Iterator[Check]:
    with runtime.sessions.begin() as session:
        found = shops.list_shops(session)
    if not found:
        advice = "Connect one: `backline shops connect`, or let a merchant install the app."
        yield Check("Shops", Tone.CHECK, "None is connected.", advice)
    for shop in found:
        for check in (*_kept_of(runtime, shop), *check_at_platform(runtime, shop)):
            yield replace(
                check, name=f"{shop.domain}, {check.name.lower()}", advice=_advice(check, shop)
            )


def _kept_of(runtime: Runtime, shop: Shop) -> list[Check]:
    with runtime.sessions.begin() as session:
        facts = gather_facts(session, shop, Words(shop, runtime.clock()))
    return list(check_shop(facts))


def _advice(check: Check, shop: Shop) -> str:
    command = _COMMANDS.get(check.place) if check.place else None
    return f"{check.advice} {command.format(domain=shop.domain)}" if command else check.advice
