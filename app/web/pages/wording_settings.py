"""The part of the settings that words notes: the sentences, and what notes look like with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.core.desired import Desired, ItemState, Status, rename_tags
from app.core.kinds import Kind
from app.db.models import Shop
from app.pipeline.runtime import Runtime
from app.pipeline.sentences import (
    Sentences,
    TemplateError,
    check_template,
    default_sentences,
    language_of,
    languages,
)
from app.pipeline.wording import block_texts
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form
from app.web.pages.frame import OpenShop, change_shop, is_fragment, open_shop

Save = Callable[..., Response | tuple[str, int]]
Show = Callable[[OpenShop, str, Form], str]

SENTENCE_LABELS = {
    "expected": "Heading, when all dates are known",
    "between": "Heading, when dates are ranges",
    "unknown": "Heading, when a date is not known",
    "decision": "Heading, when an item will not be restocked",
    "released": "Heading, once the stock has arrived",
    "served": "Heading, once it is in stock without an arrival, as when another order was canceled",
    "some_short": "Line with some units backordered",
    "all_short": "Line with all units backordered",
    "in_stock": "Line in stock",
    "no_date": "Instead of a date, when none is known",
    "never": "For an item that will not be restocked",
    "more": "At the end of a shortened list",
}


@dataclass(frozen=True)
class PreviewNote:
    """What a note would look like, and when."""

    title: str
    text: str


@dataclass(frozen=True)
class Preview:
    """The notes that the typed sentences make, or what is wrong with those."""

    notes: Sequence[PreviewNote]
    errors: Mapping[str, str]


def add_wording_routes(blueprint: Blueprint, runtime: Runtime, save: Save, show: Show) -> None:
    """What saves the sentences, by `save`, as all parts of the page are, and what shows them in notes;
    where a browser asks for a whole page, by `show`."""

    @blueprint.post("/wording")
    def save_wording(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            language = language_asked(opened.shop, request.form)
            form, own = read_sentences(Form(request.form), language)
            wording = {**opened.shop.wording, language: own}
            wanted = {"wording": {one: said for one, said in wording.items() if said}}
            return save(opened, "wording", (form, wanted), language=language)

    @blueprint.post("/wording/preview")
    def preview_wording(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            language = language_asked(opened.shop, request.form)
            form, own = read_sentences(Form(request.form), language)
            if not is_fragment():
                return show(opened, "wording", form)
            preview = preview_of(opened.shop, language, own, form.errors)
            return render_template("settings_preview.html", preview=preview, labels=SENTENCE_LABELS)


def language_asked(shop: Shop, typed: Mapping[str, str]) -> str:
    """The language whose sentences are worked on: the shop's own unless another one is asked for."""
    asked = typed.get("language", "")
    return asked if asked in languages() else language_of(shop.locale)


def read_sentences(form: Form, language: str) -> tuple[Form, dict[str, str]]:
    """The sentences that differ from ours; an empty one is ours."""
    own = {}
    for name, ours in default_sentences(language).items():
        template = form.text(name)
        try:
            check_template(name, template)
        except TemplateError as error:
            form.errors[name] = str(error)
        if template not in ("", ours):
            own[name] = template
    return form, own


def preview_of(shop: Shop, language: str, own: Sentences, errors: Mapping[str, str]) -> Preview:
    """Notes as the sentences make them; with a wrong one among them there is nothing to show."""
    wrong = {name: text for name, text in errors.items() if name in SENTENCE_LABELS}
    if wrong:
        return Preview([], wrong)
    sentences = {**default_sentences(language), **own}
    locale = shop.locale if language_of(shop.locale) == language else language
    notes = [
        PreviewNote(title, _note(shop, want, locale, sentences)) for title, want in _examples().items()
    ]
    return Preview(notes, {})


def sample_notes(shop: Shop) -> Sequence[PreviewNote]:
    """What notes look like with the shop's own wording."""
    language = language_of(shop.locale)
    return preview_of(shop, language, shop.wording.get(language, {}), {}).notes


def _note(shop: Shop, want: Desired, locale: str, sentences: Sentences) -> str:
    tags = rename_tags(shop.tag_names)[want.status]
    words = () if PLATFORMS[shop.platform].traits.has_tags else sorted(tags)
    return block_texts(want, locale=locale, sentences=sentences, words=words)[0]


def _examples() -> dict[str, Desired]:
    soon = date(2026, 12, 5)
    later = soon + timedelta(days=14)
    mug = ItemState(1, "Blue Mug", "MUG-BLUE", 3, 3, 2, soon)
    perhaps = replace(mug, expected_on=soon + timedelta(days=4), early_on=soon)
    towel = ItemState(2, "Tea Towel", "TOWEL", 1, 1, 1, later)
    board = ItemState(3, "Oak Board", "BOARD", 1, 1)
    unknown = ItemState(2, "Tea Towel", "TOWEL", 1, 1, 1)
    gone = ItemState(2, "Tea Towel", "TOWEL", 1, 1, 1, kind=Kind.DISCONTINUED)
    return {
        "While it is backordered": Desired(Status.BACKORDERED, (mug, towel, board), later),
        "With dates as ranges": Desired(Status.BACKORDERED, (perhaps, board), perhaps.expected_on),
        "While a date is not known": Desired(Status.BACKORDERED, (mug, unknown)),
        "When an item will not be restocked": Desired(Status.REVIEW, (mug, gone)),
        "Once the stock has arrived": Desired(Status.RELEASED, released_on=soon),
        "Once it is in stock without an arrival": Desired(
            Status.RELEASED, released_on=soon, has_arrived=False
        ),
    }
