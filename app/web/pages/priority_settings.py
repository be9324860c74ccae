"""The part of the settings that says whose orders come first."""

from typing import Any

from app.core.desired import OUR_TAGS
from app.core.note import own_words
from app.db.models import Shop
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form
from app.web.pages.tag_rows import tag_rows, typed_tags

_HIGHEST_PRIORITY = 100


def read_rules(form: Form, shop: Shop) -> tuple[Form, dict[str, Any]]:
    """Rows without a tag are left out."""
    rules: list[dict[str, Any]] = []
    ours = {tag.casefold() for tag in (*OUR_TAGS, *shop.tag_names.values())}
    for place, tag in typed_tags(form):
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
    """What stands in each row of the form."""
    kept = [(rule["tag"], rule["priority"]) for rule in shop.priority_rules]
    return tag_rows(form, kept, field="priority")
