"""The set-up checklist of a shop: what is done, what is left, and what staff and buyers will see."""

from dataclasses import dataclass

from flask import Blueprint, url_for

from app.core.regimes import Regime
from app.core.steps import in_days
from app.db.arrivals import locations
from app.db.pages.setup import SetupFacts, read_setup
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.frame import OpenShop, open_shop
from app.web.pages.wording_settings import sample_notes

_PAGE_NAME = "overview.shop_page"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up. An optional one need not be done; `link` is where, with its words."""

    name: str
    text: str
    is_done: bool
    link: tuple[str, str] | None = None
    is_optional: bool = False


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The checklist."""
    blueprint = Blueprint("setup", __name__)

    @blueprint.get("/shops/<int:shop_id>/setup")
    @access.needs(access.Role.MANAGE)
    def page(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            steps = list_steps(opened)
            return opened.render(
                "setup.html",
                page_name=_PAGE_NAME,
                steps=steps,
                finished=sum(step.is_done for step in steps),
                notes=sample_notes(opened.shop)[:1],
                platform=PLATFORMS[opened.shop.platform].title,
            )

    return blueprint


def list_steps(opened: OpenShop) -> list[Step]:
    """The steps in the order in which a merchant does them."""
    shop, facts = opened.shop, read_setup(opened.session, opened.shop)
    return [
        *_given(opened),
        *_dates(opened, facts),
        *_rest(opened, facts),
        _test_order(shop.platform, facts),
    ]


def must_be_done(steps: list[Step]) -> int:
    """How many of them are left that are not optional."""
    return sum(not step.is_done and not step.is_optional for step in steps)


def _given(opened: OpenShop) -> list[Step]:
    """What the platform was asked for when the shop was connected."""
    shop, title = opened.shop, PLATFORMS[opened.shop.platform].title
    places = sorted(name or str(number) for number, name in locations(opened.session, shop.id).items())
    limits = " ".join(shop.limits)
    where = f"Stock is read at {', '.join(places)}." if places else "Read with the first order."
    return [
        Step(
            "Permissions",
            limits or f"{title} granted everything Backline asked for.",
            is_done=shop.status == "active" and not limits,
        ),
        Step("Locations", where, is_done=bool(places)),
    ]


def _dates(opened: OpenShop, facts: SetupFacts) -> list[Step]:
    shop, dates = opened.shop, _settings(opened, "dates")
    lead_time = (
        "Used when no delivery is scheduled. Without one, such orders show no date."
        if shop.lead_time_days is None
        else f"{in_days(shop.lead_time_days)}, used when no delivery is scheduled."
    )
    calendar = (
        f"Business days of {shop.country}."
        if shop.country
        else "Without a country, weekends and holidays count as business days."
    )
    return [
        Step("Lead time", lead_time, shop.lead_time_days is not None, (dates, "Set the lead time")),
        Step("Business-day calendar", calendar, bool(shop.country), (dates, "Choose a country")),
        Step(
            "First expected delivery",
            "Waiting orders get the date of the delivery that will fill them.",
            facts.has_delivery,
            (url_for("import_arrivals.choose", shop_id=shop.id), "Import purchase orders"),
        ),
    ]


def _rest(opened: OpenShop, facts: SetupFacts) -> list[Step]:
    """What some shops need and others do not."""
    shop, title = opened.shop, PLATFORMS[opened.shop.platform].title
    is_watched = shop.regime != Regime.NONE
    return [
        Step(
            "Team",
            f"Invite people who have no {title} staff account.",
            facts.has_staff,
            (_settings(opened, "staff"), "Invite someone"),
            is_optional=True,
        ),
        Step(
            "Tag names",
            "Use your own words for the tags.",
            bool(shop.tag_names),
            (_settings(opened, "tags"), "Change tag names"),
            is_optional=True,
        ),
        Step(
            "Late-order rules",
            "List the delay notices that your country's law asks for.",
            is_watched,
            (_settings(opened, "law"), "Choose rules"),
            is_optional=True,
        ),
        Step(
            "Email alerts",
            "Hear about late deliveries and trouble without looking.",
            facts.has_alerts,
            (url_for("alerts.listing", shop_id=shop.id), "Add someone"),
            is_optional=True,
        ),
    ]


def _test_order(platform: str, facts: SetupFacts) -> Step:
    title = PLATFORMS[platform].title
    text = f"In {title}, order more of an item than is in stock. Its tag and note appear within seconds."
    return Step("Test order", text, facts.has_order)


def _settings(opened: OpenShop, anchor: str) -> str:
    return url_for("settings.shop_page", shop_id=opened.id, _anchor=anchor)
