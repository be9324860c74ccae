"""The part of the settings that takes everything back before the app is removed."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.pipeline.runtime import Runtime
from app.web.pages.forms import Form
from app.web.pages.frame import OpenShop, change_shop

Answer = Response | tuple[str, int]
Save = Callable[[OpenShop, str, tuple[Form, dict[str, Any]]], Answer]


def add_leaving_routes(blueprint: Blueprint, runtime: Runtime, save: Save) -> None:
    """What saves this part, by `save`, as all parts of the page are."""

    @blueprint.post("/leaving")
    def save_leaving(shop_id: int) -> Answer:
        with change_shop(runtime, shop_id) as opened:
            form = Form(request.form)
            return save(opened, "leaving", (form, {"gives_back": form.typed.get("gives_back") == "yes"}))
