"""All shops, and one shop at a glance: what waits, what is at risk, and whether all is well."""

from flask import Blueprint, render_template

from app.db import day_counts, shops
from app.db.pages import orders, overview
from app.pipeline.machines import Machines, look_at_machines
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.chart import lay_out
from app.web.pages.frame import OpenShop, is_fragment, open_shop, read_session
from app.web.pages.health_checks import checks_of
from app.web.pages.setup import list_steps, must_be_done

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
        machines = look_at_machines(runtime.redis)
        with open_shop(runtime, shop_id) as opened:
            live = _live(opened, machines)
            if is_fragment():
                return opened.render("overview_live.html", page_name="overview.shop_page", **live)
            days = _days(opened)
            return opened.render(
                "overview.html",
                page_name="overview.shop_page",
                days=days,
                chart=lay_out(days),
                to_set_up=must_be_done(list_steps(opened)),
                **live,
            )

    return blueprint


def _live(opened: OpenShop, machines: Machines) -> dict[str, object]:
    """What changes from moment to moment."""
    session, say = opened.session, opened.say
    return {
        "totals": overview.count_waiting(session, opened.id),
        "lists": orders.count_lists(session, opened.id, today=say.today),
        "counted": orders.COUNTED,
        "checks": checks_of(session, say, machines),
    }


def _days(opened: OpenShop) -> list[day_counts.DayCount]:
    say = opened.say
    days = say.days_before(DAYS)
    return day_counts.count_days(
        opened.session, opened.id, days=days, since=say.start_of(days[0]), zone=say.zone
    )
