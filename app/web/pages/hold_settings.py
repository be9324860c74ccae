"""The part of the settings that says what of a waiting order is held back from shipping."""

from typing import Any

from flask import abort

from app.core.holds import Policy
from app.db.models import Shop
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form

_MOST_RULES, _EMPTY_RULES = 20, 3
_LONGEST_TAG = 40

HOLD_POLICIES = {
    Policy.OFF.value: "Hold nothing",
    Policy.SHORT.value: "Hold the units that are short; what is ready may ship",
    Policy.ORDER.value: "Hold the whole order until all of it is there",
}


def read_holds(shop: Shop, form: Form) -> tuple[Form, dict[str, Any]]:
    """What the merchant chose. Rows without a tag are left out."""
    if not PLATFORMS[shop.platform].traits.has_holds:
        abort(404)
    rules = [
        {"tag": tag, "holds": form.one_of(f"policy-{place}", HOLD_POLICIES)}
        for place in range(_MOST_RULES)
        if (tag := form.text(f"tag-{place}", most=_LONGEST_TAG))
    ]
    return form, {"holds": form.one_of("holds", HOLD_POLICIES), "hold_rules": rules}


def hold_rows(shop: Shop, form: Form | None) -> list[tuple[int, str, str]]:
    """What stands in each row of the form, and some empty rows after."""
    if form is not None:
        typed = [
            (form.typed.get(f"tag-{place}", ""), form.typed.get(f"policy-{place}", ""))
            for place in range(_MOST_RULES)
            if f"tag-{place}" in form.typed
        ]
    else:
        kept = [(rule["tag"], rule["holds"]) for rule in shop.hold_rules]
        typed = (kept + [("", Policy.ORDER.value)] * _EMPTY_RULES)[:_MOST_RULES]
    return [(place, tag, policy) for place, (tag, policy) in enumerate(typed)]
