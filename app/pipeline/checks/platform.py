"""What a shop's platform says when it is asked now: whether we may, and what it sends us."""

from collections.abc import Iterator

from app.core.states import ShopStatus
from app.db.models import Shop
from app.errors import BacklineError
from app.logs import first_line
from app.pipeline.checks.check import Check, Tone, in_hours, listed_every
from app.pipeline.runtime import Runtime
from app.platforms.base import Platform
from app.platforms.http import PlatformRefused

_TOPICS_SAID = 5
# An answer takes some seconds, and its time is told to the second.
_CLOCKS_DIFFER_S = 30.0


def check_at_platform(runtime: Runtime, shop: Shop) -> Iterator[Check]:
    """Access, scopes and webhooks, as far as the platform answers; nothing of a shop that waits for its
    merchant."""
    if shop.status != ShopStatus.ACTIVE:
        return
    address = f"{runtime.settings.app_url}/webhooks/{shop.platform}"
    try:
        platform = runtime.connect(shop)
        profile = platform.fetch_profile()
        yield Check("Access", Tone.FINE, "The platform answers.")
        yield from _time(runtime)
        yield _scopes(profile.missing_scopes)
        yield _webhooks(platform, address, profile.scopes)
    except (BacklineError, PlatformRefused) as error:
        yield Check("Access", Tone.FIX, first_line(error), "If it stays, connect the shop again.")


def _time(runtime: Runtime) -> Iterator[Check]:
    """What platforms tell is compared by their own time; what they sign is valid for minutes by ours."""
    told_at = runtime.http.told_at()
    ahead_s = (runtime.clock() - told_at).total_seconds() if told_at else 0.0
    if abs(ahead_s) < _CLOCKS_DIFFER_S:
        return
    how = "ahead of" if ahead_s > 0 else "behind"
    yield Check(
        "Time at the platform",
        Tone.FIX,
        f"Backline's clock is {abs(ahead_s):,.0f} seconds {how} the platform's.",
        "Orders are right all the same, but visits from its admin may be refused. See that NTP runs on "
        "the machine of the database (with SQLite: on this one).",
    )


def _scopes(missing: tuple[str, ...]) -> Check:
    if missing:
        text = f"Not granted: {', '.join(missing)}."
        return Check("Scopes", Tone.FIX, text, "Open Backline from the shop's admin.")
    return Check("Scopes", Tone.FINE, "All are granted.")


def _webhooks(platform: Platform, address: str, scopes: tuple[str, ...]) -> Check:
    name = "Webhooks at the platform"
    found = platform.check_webhooks(address, scopes=scopes)
    wrong = [f"{one.topic}: {one.outcome}" for one in found if not one.is_right]
    if not wrong:
        return Check(name, Tone.FINE, f"All {len(found)} are sent to {address}.")
    more = f"; and {len(wrong) - _TOPICS_SAID} more" if len(wrong) > _TOPICS_SAID else ""
    return Check(
        name,
        Tone.FIX,
        f"{len(wrong)} of {len(found)} are not sent as they must be: "
        f"{'; '.join(wrong[:_TOPICS_SAID])}{more}.",
        f"Backline puts them right within {in_hours(listed_every(platform.traits))}; to have it at "
        "once, connect the shop again.",
    )
