"""What a merchant sets for a shop: dates, tags, the wording of notes, priorities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

import structlog
from babel import Locale, UnknownLocaleError
from babel.localedata import exists as is_known_locale
from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.core.bounds import MOST_DAYS
from app.core.closing import ClosingError, read_closing_days, read_hour
from app.core.desired import OUR_TAGS, Desired, ItemState, Status, rename_tags
from app.core.kinds import Kind
from app.core.note import own_words
from app.db import preferences, staff
from app.db.audit import record_event
from app.db.models import Shop
from app.mail import MailError, send_invitation
from app.pipeline.calendars import CountryError, countries, country_code, supplier_countries
from app.pipeline.runtime import Runtime
from app.pipeline.sentences import (
    PLACEHOLDERS,
    Sentences,
    TemplateError,
    check_template,
    default_sentences,
    language_of,
    languages,
)
from app.pipeline.wording import block_texts
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.compliance import REGIMES
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import (
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
)
from app.web.pages.hold_settings import HOLD_POLICIES, hold_rows, read_holds
from app.web.pages.restock_settings import RESTOCKS, add_restock_routes

log = structlog.get_logger()

_PAGE_NAME = "settings.shop_page"
_LONGEST_TAG = 40  # of an order; shopify.dev/docs/api/admin-graphql/latest/objects/Order#field-tags
_MOST_QUIET_DAYS = 60
_LONGEST_ADDRESS = 254
_MOST_RULES, _EMPTY_RULES = 20, 3
_HIGHEST_PRIORITY = 100

_DONE = {
    "dates": "Saved. Recalculating dates.",
    "law": "Saved. Checking waiting orders.",
    "tags": "Saved. Orders get the new names with their next update.",
    "wording": "Saved. Notes get the new wording with their next update.",
    "moves": "Saved.",
    "restocks": "Saved. The next restock is given out so.",
    "holds": "Saved. Updating holds on waiting orders.",
    "revoked": "Access revoked. Their open pages are closed.",
    "priorities": "Saved. Checking open orders.",
}

ROLES = {staff.Role.LOOK.value: "Viewer", staff.Role.MANAGE.value: "Manager"}

# What each of our tags says, in the order of an order's life.
_TAG_HINTS = {
    "backordered": "While any unit of the order is backordered.",
    "backorder-released": "Once all of it is in stock.",
    "preorder": "While it waits for an item that is not released yet.",
    "backorder-review": "When an item will not be restocked, so someone has to decide.",
    "backorder-delay-notice-due": "Optional: while the buyer is owed a delay notice.",
}
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


@dataclass(frozen=True)
class Invited:
    """Somebody who was just invited, and the link where it was not mailed: it is shown once."""

    address: str
    link: str | None


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The settings of one shop, and what saves each part of them."""
    blueprint = Blueprint("settings", __name__, url_prefix="/shops/<int:shop_id>/settings")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def shop_page(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened)

    @blueprint.post("/dates")
    def save_dates(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "dates", _read_dates(Form(request.form)))

    @blueprint.post("/law")
    def save_law(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "law", _read_law(Form(request.form)))

    @blueprint.post("/holds")
    def save_holds(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "holds", read_holds(opened.shop, Form(request.form)))

    add_restock_routes(blueprint, runtime, _save)

    @blueprint.post("/tags")
    def save_tags(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "tags", _read_tags(Form(request.form)))

    @blueprint.post("/wording")
    def save_wording(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            language = _language(opened.shop, request.form)
            form, own = _read_sentences(Form(request.form), language)
            wording = {**opened.shop.wording, language: own}
            wanted = {"wording": {one: said for one, said in wording.items() if said}}
            return _save(opened, "wording", (form, wanted), language=language)

    @blueprint.post("/wording/preview")
    def preview_wording(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            language = _language(opened.shop, request.form)
            form, own = _read_sentences(Form(request.form), language)
            if not is_fragment():
                return _page(opened, "wording", form)
            preview = _preview(opened.shop, language, own, form.errors)
            return render_template("settings_preview.html", preview=preview, labels=SENTENCE_LABELS)

    @blueprint.post("/priorities")
    def save_priorities(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            read = _read_rules(Form(request.form), opened.shop)
            return _save(opened, "priorities", read)

    @blueprint.post("/staff")
    def invite(shop_id: int) -> str | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            form = Form(request.form)
            address = staff.read_address(form.text("email", most=_LONGEST_ADDRESS))
            role = form.one_of("role", ROLES)
            if address is None:
                form.errors["email"] = "This is not an email address."
            if address is None or role is None:
                return _page(opened, "staff", form), 422
            link = _invite(runtime, opened, address, role)
        with open_shop(runtime, shop_id) as opened:
            mailed = _is_mailed(runtime, opened, address, link)
            return _page(opened, invited=Invited(address, None if mailed else link))

    @blueprint.get("/staff/revoke")
    @access.needs(access.Role.MANAGE)
    def ask_to_revoke(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            address = staff.read_address(request.args.get("email", ""))
            if address not in {one.email for one in staff.list_staff(opened.session, opened.id)}:
                abort(404)
            return opened.render("settings_revoke.html", page_name=_PAGE_NAME, email=address)

    @blueprint.post("/staff/revoke")
    def revoke(shop_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            address = staff.read_address(request.form.get("email", "")) or ""
            if staff.revoke(opened.session, opened.id, address):
                _tell(opened, "access revoked", before=address)
        return back_to(_PAGE_NAME, shop_id=shop_id, done="revoked", _anchor="staff")

    return blueprint


def _save(
    opened: OpenShop, part: str, read: tuple[Form, Mapping[str, Any]], **values: object
) -> Response | tuple[str, int]:
    """Keep what was read, or show the page again with what is wrong."""
    form, wanted = read
    if form.errors:
        return _page(opened, part, form), 422
    preferences.change_preferences(
        opened.session, opened.shop, wanted, by=access.viewer().name, now=opened.say.now
    )
    return back_to(_PAGE_NAME, shop_id=opened.id, done=part, _anchor=part, **values)


def _page(
    opened: OpenShop, part: str = "", form: Form | None = None, *, invited: Invited | None = None
) -> str:
    shop = opened.shop
    language = _language(shop, form.typed if form and part == "wording" else request.args)
    own = shop.wording.get(language, {})
    if form is not None and part == "wording":
        _, own = _read_sentences(form, language)
    return opened.render(
        "settings.html",
        page_name=_PAGE_NAME,
        forms=Forms({} if form is None else {part: form}),
        time_zones=sorted(available_timezones()),
        locales=_offered_locales(),
        tags=[
            (tag, shop.tag_names.get(tag, ""), hint)
            for tag, hint in _TAG_HINTS.items()
            if tag in OUR_TAGS
        ],
        has_tags=_has_tags(shop),
        platform=PLATFORMS[shop.platform].title,
        restocks=RESTOCKS,
        can_move=PLATFORMS[shop.platform].traits.can_move,
        hold_rows=hold_rows(shop, form if part == "holds" else None),
        hold_policies=HOLD_POLICIES if PLATFORMS[shop.platform].traits.has_holds else {},
        has_selling=bool(PLATFORMS[shop.platform].traits.selling_scope),
        language=language,
        writes_language=language_of(shop.locale),
        languages={one: _language_name(one) for one in languages()},
        sentences=[
            (name, SENTENCE_LABELS[name], shop.wording.get(language, {}).get(name, ""), ours)
            for name, ours in default_sentences(language).items()
        ],
        known={name: ", ".join(f"{{{one}}}" for one in known) for name, known in PLACEHOLDERS.items()},
        preview=_preview(shop, language, own, {} if form is None else form.errors),
        labels=SENTENCE_LABELS,
        countries=countries(),
        regimes=REGIMES,
        rules=_rule_rows(shop, form if part == "priorities" else None),
        staff=staff.list_staff(opened.session, opened.id),
        roles=ROLES,
        invited=invited,
        done_text=done_text(_DONE),
    )


def _has_tags(shop: Shop) -> bool:
    return PLATFORMS[shop.platform].traits.has_tags


# Dates


def _read_dates(form: Form) -> tuple[Form, dict[str, Any]]:
    time_zone, locale = form.text("time_zone"), form.text("locale")
    if time_zone not in available_timezones():
        form.errors["time_zone"] = "Unknown time zone. Choose one from the list, such as Europe/Rome."
    country = form.text("country")
    try:
        country = country_code(country)
    except CountryError as error:
        form.errors["country"] = str(error)
    closing_days = form.text("closing_days", most=2000)
    try:
        read_closing_days(closing_days)
    except ClosingError as error:
        form.errors["closing_days"] = str(error)
    cut_off, suppliers = form.text("cut_off"), form.text("supplier_countries", most=4000)
    carrier = form.text("carrier_country")
    try:
        read_hour(cut_off)
    except ClosingError as error:
        form.errors["cut_off"] = str(error)
    try:
        carrier = country_code(carrier)
    except CountryError as error:
        form.errors["carrier_country"] = str(error)
    try:
        supplier_countries(suppliers)
    except CountryError as error:
        form.errors["supplier_countries"] = str(error)
    if not _is_locale(locale):
        form.errors["locale"] = "Unknown language. Enter a code such as en, de-AT, or pt-BR."
    wanted = {
        "quiet_days": form.number("quiet_days", least=1, most=_MOST_QUIET_DAYS),
        "lead_time_days": form.number_or_none("lead_time_days", least=0, most=MOST_DAYS),
        "handling_days": form.number("handling_days", least=0, most=_MOST_QUIET_DAYS),
        "promise_quantile": (form.number("promise_percent", least=50, most=99) or 0) / 100,
        "country": country,
        "closing_days": closing_days,
        "cut_off": cut_off,
        "carrier_country": carrier,
        "supplier_countries": suppliers,
        "says_range": form.typed.get("says_range") == "yes",
        "time_zone": time_zone,
        "locale": locale,
    }
    return form, wanted


def _is_locale(locale: str) -> bool:
    try:
        return is_known_locale(str(Locale.parse(locale.replace("-", "_"))))
    except (UnknownLocaleError, ValueError):
        return False


def _offered_locales() -> dict[str, str]:
    return {code: _language_name(code) for code in (*languages(), "en-GB", "de-AT", "fr-CA", "es-MX")}


def _language_name(code: str) -> str:
    return Locale.parse(code.replace("-", "_")).get_display_name("en") or code


# The law


def _read_law(form: Form) -> tuple[Form, dict[str, Any]]:
    return form, {
        "regime": form.one_of("regime", REGIMES),
        "tags_delay_notices": form.typed.get("tags_delay_notices") == "yes",
    }


# Tags


def _read_tags(form: Form) -> tuple[Form, dict[str, Any]]:
    """An empty name is our own."""
    names = {tag: form.text(tag, most=_LONGEST_TAG) for tag in _TAG_HINTS if tag in OUR_TAGS}
    taken: dict[str, str] = {}
    for tag, name in names.items():
        called = (name or tag).casefold()
        if "," in name:
            form.errors[tag] = "Tags can't contain a comma."
        elif called in taken:
            form.errors[tag] = f"{name or tag} is already used for another tag: each needs its own name."
        taken[called] = tag
    return form, {"tag_names": {tag: name for tag, name in names.items() if name not in ("", tag)}}


# Wording


def _language(shop: Shop, typed: Mapping[str, str]) -> str:
    """The language whose sentences are worked on: the shop's own unless another one is asked for."""
    asked = typed.get("language", "")
    return asked if asked in languages() else language_of(shop.locale)


def _read_sentences(form: Form, language: str) -> tuple[Form, dict[str, str]]:
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


def _preview(shop: Shop, language: str, own: Sentences, errors: Mapping[str, str]) -> Preview:
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
    return _preview(shop, language, shop.wording.get(language, {}), {}).notes


def _note(shop: Shop, want: Desired, locale: str, sentences: Sentences) -> str:
    tags = rename_tags(shop.tag_names)[want.status]
    words = () if _has_tags(shop) else sorted(tags)
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


# Priorities


def _read_rules(form: Form, shop: Shop) -> tuple[Form, dict[str, Any]]:
    """Rows without a tag are left out."""
    rules: list[dict[str, Any]] = []
    ours = {tag.casefold() for tag in (*OUR_TAGS, *shop.tag_names.values())}
    for place in range(_MOST_RULES):
        tag = form.text(f"tag-{place}", most=_LONGEST_TAG)
        if not tag:
            continue
        if "," in tag:
            form.errors[f"tag-{place}"] = "One tag per row, without a comma."
        elif not _has_tags(shop) and own_words(tag) != {tag}:
            form.errors[f"tag-{place}"] = "One word per row, without spaces, brackets, or periods."
        elif tag.casefold() in ours:
            form.errors[f"tag-{place}"] = "This is one of Backline's own tags: use one of yours."
        priority = form.number(f"priority-{place}", least=-_HIGHEST_PRIORITY, most=_HIGHEST_PRIORITY)
        rules.append({"tag": tag, "priority": priority})
    return form, {"priority_rules": rules}


def _rule_rows(shop: Shop, form: Form | None) -> list[tuple[int, str, object]]:
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


# Staff


def _invite(runtime: Runtime, opened: OpenShop, address: str, role: str) -> str:
    """The one-time link; its token is not kept, so it can't be shown again."""
    token = staff.invite(opened.session, opened.id, address, role=staff.Role(role), now=opened.say.now)
    _tell(opened, "invited", after=f"{address}: {ROLES[role].lower()}")
    return f"{runtime.settings.app_url}/invitations/{token}"


def _is_mailed(runtime: Runtime, opened: OpenShop, address: str, link: str) -> bool:
    if not runtime.settings.smtp_url:
        return False
    name = opened.shop.name or opened.shop.domain
    try:
        send_invitation(runtime.settings, to=address, shop_name=name, link=link)
    except MailError:
        log.exception("an invitation could not be mailed", shop=opened.id)
        return False
    return True


def _tell(opened: OpenShop, kind: str, *, before: str = "", after: str = "") -> None:
    why = f"by {access.viewer().name}"
    record_event(opened.session, opened.id, kind, at=opened.say.now, before=before, after=after, why=why)
