"""The part of the settings that says whose orders come first."""

from typing import Any

from app.core.desired import OUR_TAGS
from app.core.note import own_words
from app.db.models import Shop
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form

_LONGEST_TAG = 40
_MOST_RULES, _EMPTY_RULES = 20, 3
_HIGHEST_PRIORITY = 100


def read_rules(form: Form, shop: Shop) -> tuple[Form, dict[str, Any]]:
    """Rows without a tag are left out."""
    rules: list[dict[str, Any]] = []
    ours = {tag.casefold() for tag in (*OUR_TAGS, *shop.tag_names.values())}
    for place in range(_MOST_RULES):
        tag = form.text(f"tag-{place}", most=_LONGEST_TAG)
        if not tag:
            continue
        if "," in tag:
            form.errors[f"tag-{place}"] = "One tag per row, without a comma."
        elif not PLATFORMS[shop.platform].traits.has_tags and own_words(tag) != {tag}:
            form.errors[f"tag-{place}"] = "One word per row, without spaces, brackets, or periods."
        elif tag.casefold() in ours:
            form.errors[f"tag-{place}"] = "This is one of Backline's own tags: use one of yours."
        priority = form.number(f"priority-{place}", least=-_HIGHEST_PRIORITY, most=_HIGHEST_PRIORITY)
        rules.append({"tag": tag, "priority": priority})
    return form, {"priority_rules": rules}


def rule_rows(shop: Shop, form: Form | None) -> list[tuple[int, str, object]]:
    """What stands in each row of the form, and some empty rows after."""
    if form is not None:
        typed = [
            (form.typed.get(f"tag-{place}", ""), form.typed.get(f"priority-{place}", ""))
            for place in range(_MOST_RULES)
            if f"tag-{place}" in form.typed
        ]
    else:
        kept = [(rule["tag"], rule["priority"]) for rule in shop.priority_rules]
        typed = (kept + [("", "")] * _EMPTY_RULES)[:_MOST_RULES]
    return [(place, tag, priority) for place, (tag, priority) in enumerate(typed)]
