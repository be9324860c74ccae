"""The part of the settings that says what of a waiting order is held back from shipping."""

from typing import Any

from flask import abort

from app.core.holds import Policy
from app.db.models import Shop
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form
from app.web.pages.tag_rows import tag_rows, typed_tags

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
        for place, tag in typed_tags(form)
    ]
    return form, {"holds": form.one_of("holds", HOLD_POLICIES), "hold_rules": rules}


def hold_rows(shop: Shop, form: Form | None) -> list[tuple[int, str, object]]:
    """What stands in each row of the form."""
    kept = [(rule["tag"], rule["holds"]) for rule in shop.hold_rules]
    return tag_rows(form, kept, field="policy", empty=Policy.ORDER.value)
