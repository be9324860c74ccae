"""The parts of the settings that say whom a restock serves first, and whether another location may."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.passing import MOST_DAYS, MOST_TIMES, Restocks
from app.db.models import Shop
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web.pages.forms import Form
from app.web.pages.frame import OpenShop, change_shop

RESTOCKS = {
    Restocks.STRICT.value: "The order that has waited longest, even if a restock is too small for it",
    Restocks.SKIP.value: "The orders that it completes",
}

Answer = Response | tuple[str, int]
Save = Callable[[OpenShop, str, tuple[Form, dict[str, Any]]], Answer]


def add_restock_routes(blueprint: Blueprint, runtime: Runtime, save: Save) -> None:
    """What saves these parts, by `save`, as all parts of the page are."""

    @blueprint.post("/moves")
    def save_moves(shop_id: int) -> Answer:
        with change_shop(runtime, shop_id) as opened:
            return save(opened, "moves", read_moves(opened.shop, Form(request.form)))

    @blueprint.post("/restocks")
    def save_restocks(shop_id: int) -> Answer:
        with change_shop(runtime, shop_id) as opened:
            return save(opened, "restocks", read_restocks(Form(request.form)))


def read_moves(shop: Shop, form: Form) -> tuple[Form, dict[str, Any]]:
    """Whether what waits is moved to where it is in stock."""
    if not PLATFORMS[shop.platform].traits.can_move:
        abort(404)
    return form, {"moves": form.typed.get("moves") == "yes"}


def read_restocks(form: Form) -> tuple[Form, dict[str, Any]]:
    """What the merchant chose."""
    return form, {
        "restocks": form.one_of("restocks", RESTOCKS),
        "skip_times": form.number("skip_times", least=1, most=MOST_TIMES),
        "skip_days": form.number("skip_days", least=1, most=MOST_DAYS),
    }
