"""The sentences of the note block: ours in each language, and the merchant's own in their place.

A sentence is a template of one line. A merchant writes it, so it is never more than text with named
places in it: what `str.format` could do beyond that is refused.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from app.core.note import CLOSE, OPEN

FALLBACK = "en"
LONGEST = 200
"""Characters of a template: with the longest date and the markers a heading alone fits into a block."""

_ITEM = ("item", "title", "sku")
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "expected": ("date",),
    "between": ("range",),
    "unknown": (),
    "decision": (),
    "released": ("date",),
    "served": ("date",),
    "some_short": ("short", "quantity", *_ITEM, "when"),
    "all_short": ("short", *_ITEM, "when"),
    "in_stock": ("quantity", *_ITEM),
    "no_date": (),
    "never": (),
    "more": ("count",),
}
"""Every sentence there is, and what may stand in braces in it."""

Sentences = Mapping[str, str]


class TemplateError(ValueError):
    """A template that can't be used; the text says why and what would do."""


def languages() -> list[str]:
    """The languages we have sentences in."""
    return list(_defaults())


def language_of(locale: str) -> str:
    """The language among ours that a shop of this locale writes in."""
    tag = locale.replace("_", "-")
    return next((one for one in (tag, tag.partition("-")[0]) if one in _defaults()), FALLBACK)


def default_sentences(language: str) -> Sentences:
    """Our own sentences in one of our languages."""
    return _defaults()[language]


def sentences_for(locale: str, own: Mapping[str, Sentences]) -> Sentences:
    """What a shop of this locale writes: the merchant's `own` sentences, by language, before ours."""
    language = language_of(locale)
    return {**_defaults()[language], **own.get(language, {})}


def check_template(sentence: str, template: str) -> None:
    """Raises `TemplateError` if the merchant's template can't be used for this sentence."""
    if len(template) > LONGEST:
        raise TemplateError(f"It has {len(template)} characters; the limit is {LONGEST}.")
    if len(template.splitlines()) > 1:
        raise TemplateError("It must be one line.")
    if OPEN in template or CLOSE in template:
        raise TemplateError(f"{OPEN} and {CLOSE} mark the block and can't be used inside it.")
    for name in _names_in(template):
        if name not in PLACEHOLDERS[sentence]:
            raise TemplateError(f"Unknown placeholder {{{name}}}. {_known(sentence)}")


def _names_in(template: str) -> list[str]:
    """What stands in braces, as it was typed: `{date!r:>9}` is a name that nobody knows."""
    try:
        parts = [part for part in Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise TemplateError("A brace is not closed. Write {{ or }} for a brace in the text.") from error
    return [
        f"{name}{'!' + how if how else ''}{':' + form if form else ''}" for _, name, form, how in parts
    ]


def _known(sentence: str) -> str:
    names = [f"{{{name}}}" for name in PLACEHOLDERS[sentence]]
    return f"Available: {', '.join(names)}." if names else "This sentence takes no placeholders."


@cache
def _defaults() -> Mapping[str, Sentences]:
    return tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))
