"""All shops, and one shop at a glance: what waits, what is at risk, and whether all is well."""

from flask import Blueprint, render_template

from app.db import shops
from app.db.pages import orders, overview
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.chart import lay_out
from app.web.pages.checks import count_workers, make_checks, worst
from app.web.pages.frame import OpenShop, is_fragment, open_shop, read_session

DAYS = 30


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page of all shops and the overview of one."""
    blueprint = Blueprint("overview", __name__)

    @blueprint.get("/")
    def index() -> str:
        mine = access.viewer().shop_ids
        with read_session(runtime) as session:
            return render_template(
                "index.html",
                shops=[shop for shop in shops.list_shops(session) if shop.id in mine],
                counts=overview.count_short_by_shop(session, mine),
            )

    @blueprint.get("/shops/<int:shop_id>")
    def shop_page(shop_id: int) -> str:
        workers = count_workers(runtime.redis)
        with open_shop(runtime, shop_id) as opened:
            template = "overview_live.html" if is_fragment() else "overview.html"
            return opened.render(template, page_name="overview.shop_page", **_figures(opened, workers))

    return blueprint


def _figures(opened: OpenShop, workers: int | None) -> dict[str, object]:
    session, say = opened.session, opened.say
    days = say.days_before(DAYS)
    counts = overview.count_days(
        session, opened.id, days=days, since=say.start_of(days[0]), zone=say.zone
    )
    checks = make_checks(
        say,
        overview.read_inbox(session, opened.id),
        overview.read_trouble(session, opened.shop),
        workers,
    )
    return {
        "totals": overview.count_waiting(session, opened.id),
        "lists": orders.count_lists(session, opened.id, today=say.today),
        "counted": orders.COUNTED,
        "days": counts,
        "chart": lay_out(counts),
        "checks": checks,
        "tone": worst(checks),
    }
