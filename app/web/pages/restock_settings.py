"""The part of the settings that says whom a restock serves first."""

from typing import Any

from app.core.passing import Restocks
from app.web.pages.forms import Form

MOST_TIMES, MOST_DAYS = 20, 90

RESTOCKS = {
    Restocks.STRICT.value: "The order that waits longest, even if it stays incomplete",
    Restocks.SKIP.value: "The orders that it completes",
}


def read_restocks(form: Form) -> tuple[Form, dict[str, Any]]:
    """What the merchant chose."""
    return form, {
        "restocks": form.one_of("restocks", RESTOCKS),
        "skip_times": form.number("skip_times", least=1, most=MOST_TIMES),
        "skip_days": form.number("skip_days", least=1, most=MOST_DAYS),
    }
