"""Arrivals from a file: upload it, see what it would change and what is wrong in it, take it."""

import io
import os

from flask import Blueprint, abort, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.db import uploads
from app.db.models import UploadRow
from app.pipeline.arrivals import Bad, Report
from app.pipeline.csv_import import import_file
from app.pipeline.csv_layout import COLUMNS, NEEDED, FileRefused, Source, examine
from app.pipeline.runtime import Runtime
from app.platforms.text import printable
from app.web import access
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop

LARGEST_FILE = 16 * 1024 * 1024
UPLOAD_ENDPOINT = "import_arrivals.upload"
"""The one address that takes more than any other (see `app.web.application`)."""

_SHOWN_BAD = 500
_DATE_ORDERS = {"dmy": "day first (31/12/2026)", "mdy": "month first (12/31/2026)"}
_DONE = {
    "taken": "The good lines are taken. Dates are being worked out anew.",
    "dropped": "The file is dropped. Nothing was changed.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The three steps."""
    blueprint = Blueprint("import_arrivals", __name__, url_prefix="/shops/<int:shop_id>/arrivals/import")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def choose(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _choice(opened)

    @blueprint.post("")
    def upload(shop_id: int) -> Response | tuple[str, int]:
        file = request.files.get("file")
        order = request.form.get("date_order") or None
        if order not in (None, *_DATE_ORDERS):
            abort(422, "There is no such order of dates.")
        if file is None or not file.filename:
            with open_shop(runtime, shop_id) as opened:
                return _choice(opened, problem="Choose a file first."), 422
        content = _read(file)
        try:
            examine(lambda: io.BytesIO(content), date_order=order)
        except FileRefused as refused:
            with open_shop(runtime, shop_id) as opened:
                return _choice(opened, problem=f"{_name(file)}: {refused}"), 422
        with runtime.sessions.begin() as session:
            upload_id = uploads.keep_upload(
                session,
                shop_id,
                name=_name(file),
                content=content,
                date_order=order,
                now=runtime.clock(),
            )
        return back_to("import_arrivals.rehearsal", shop_id=shop_id, upload_id=upload_id)

    @blueprint.get("/<upload_id>")
    @access.needs(access.Role.MANAGE)
    def rehearsal(shop_id: int, upload_id: str) -> str | tuple[str, int]:
        with open_shop(runtime, shop_id) as opened:
            kept = uploads.find_upload(opened.session, shop_id, upload_id)
            if kept is None:
                gone = "The file is no longer kept: it was taken, or a day has passed. Choose it again."
                return _choice(opened, problem=gone), 404
        bad: list[Bad] = []
        try:
            report = _import(runtime, kept, is_rehearsal=True, bad=bad)
        except FileRefused as refused:
            with open_shop(runtime, shop_id) as opened:
                return _choice(opened, problem=f"{kept.name}: {refused}"), 422
        with open_shop(runtime, shop_id) as opened:
            return opened.render(
                "import_rehearsal.html",
                page_name="items.listing",
                upload=kept,
                report=report,
                bad=bad,
            )

    @blueprint.post("/<upload_id>")
    def take(shop_id: int, upload_id: str) -> Response:
        with runtime.sessions.begin() as session:
            kept = uploads.find_upload(session, shop_id, upload_id)
        if kept is None:
            abort(404)
        _import(runtime, kept, is_rehearsal=False, bad=[])
        with change_shop(runtime, shop_id) as opened:
            uploads.drop_upload(opened.session, shop_id, upload_id)
        return back_to("import_arrivals.choose", shop_id=shop_id, done="taken")

    @blueprint.post("/<upload_id>/drop")
    def drop(shop_id: int, upload_id: str) -> Response:
        with change_shop(runtime, shop_id) as opened:
            uploads.drop_upload(opened.session, shop_id, upload_id)
        return back_to("import_arrivals.choose", shop_id=shop_id, done="dropped")

    return blueprint


def _choice(opened: OpenShop, *, problem: str = "") -> str:
    return opened.render(
        "import_choice.html",
        page_name="items.listing",
        problem=problem,
        date_orders=_DATE_ORDERS,
        needed=NEEDED,
        optional=[name for name in COLUMNS if name not in NEEDED],
        done_text=done_text(_DONE),
    )


def _read(file: FileStorage) -> bytes:
    """Bounded by the size of the request; a large one lies in a temporary file until it is closed."""
    with file.stream as stream:
        return stream.read(LARGEST_FILE)


def _name(file: FileStorage) -> str:
    """What the merchant calls it; some browsers tell a whole path."""
    return printable(os.path.basename((file.filename or "").replace("\\", "/")))[:100]


def _import(runtime: Runtime, kept: UploadRow, *, is_rehearsal: bool, bad: list[Bad]) -> Report:
    source: Source = lambda: io.BytesIO(kept.content)  # noqa: E731 -- typed, and used twice
    return import_file(
        runtime.sessions,
        kept.shop_id,
        source,
        examine(source, date_order=kept.date_order),
        name=kept.name,
        by=access.viewer().name,
        now=runtime.clock(),
        is_rehearsal=is_rehearsal,
        on_bad=lambda one: bad.append(one) if len(bad) < _SHOWN_BAD else None,
    )
