"""Expected deliveries from a file: upload it, see how it is read, what it would change and what is
wrong in it; say what the file does not; import it."""

import io
import os

import msgspec
from flask import Blueprint, abort, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.db import arrivals, uploads
from app.db.models import UploadRow
from app.pipeline.arrivals import Bad, Report
from app.pipeline.files.columns import NEEDED
from app.pipeline.files.importing import OrderFile, examine_for_shop, import_file, remember_layout
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused, NeedsAnswer
from app.pipeline.files.vocabulary import IN_WORDS
from app.pipeline.runtime import Runtime
from app.platforms.text import printable
from app.web import access
from app.web.pages import import_form
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop

LARGEST_FILE = 16 * 1024 * 1024
UPLOAD_ENDPOINT = "import_arrivals.upload"
"""The one address that takes more than any other (see `app.web.application`)."""

_SHOWN_BAD = 500
_GONE = "The file is no longer kept: it was imported, or a day has passed. Choose it again."
_DONE = {
    "taken": "The valid lines are imported. Recalculating dates.",
    "dropped": "The file was discarded. Nothing was changed.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """Choose a file, see what it would change, say how to read it, import or discard it."""
    blueprint = Blueprint("import_arrivals", __name__, url_prefix="/shops/<int:shop_id>/arrivals/import")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def choose(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _choice(opened)

    @blueprint.post("")
    def upload(shop_id: int) -> Response | tuple[str, int]:
        return _upload(runtime, shop_id)

    @blueprint.get("/<upload_id>")
    @access.needs(access.Role.MANAGE)
    def rehearsal(shop_id: int, upload_id: str) -> str | tuple[str, int]:
        return _rehearsal(runtime, shop_id, upload_id)

    @blueprint.post("/<upload_id>/options")
    def say(shop_id: int, upload_id: str) -> Response:
        with change_shop(runtime, shop_id) as opened:
            kept = uploads.find_upload(opened.session, shop_id, upload_id) or abort(404)
            said = import_form.with_answer(import_form.read_options(_options(kept)))
            kept.options = msgspec.to_builtins(said)
        return back_to("import_arrivals.rehearsal", shop_id=shop_id, upload_id=upload_id)

    @blueprint.post("/<upload_id>")
    def take(shop_id: int, upload_id: str) -> Response:
        return _take(runtime, shop_id, upload_id)

    @blueprint.post("/<upload_id>/drop")
    def drop(shop_id: int, upload_id: str) -> Response:
        with change_shop(runtime, shop_id) as opened:
            uploads.drop_upload(opened.session, shop_id, upload_id)
        return back_to("import_arrivals.choose", shop_id=shop_id, done="dropped")

    return blueprint


def _upload(runtime: Runtime, shop_id: int) -> Response | tuple[str, int]:
    """Keep a file that can be used, be it after an answer."""
    file = request.files.get("file")
    if file is None or not file.filename:
        with open_shop(runtime, shop_id) as opened:
            return _choice(opened, problem="Choose a file first."), 422
    content, said = _read(file), import_form.first_options()
    with runtime.sessions.begin() as session:
        try:
            _examine(session, runtime, shop_id, content, said)
        except NeedsAnswer:
            pass
        except FileRefused as refused:
            with open_shop(runtime, shop_id) as opened:
                return _choice(opened, problem=f"{_name(file)}: {refused}"), 422
        upload_id = uploads.keep_upload(
            session,
            shop_id,
            name=_name(file),
            content=content,
            options=msgspec.to_builtins(said),
            now=runtime.clock(),
        )
    return back_to("import_arrivals.rehearsal", shop_id=shop_id, upload_id=upload_id)


def _rehearsal(runtime: Runtime, shop_id: int, upload_id: str) -> str | tuple[str, int]:
    """How the file is read and what it would change, or the question that must be answered first."""
    with open_shop(runtime, shop_id) as opened:
        kept = uploads.find_upload(opened.session, shop_id, upload_id)
        if kept is None:
            return _choice(opened, problem=_GONE), 404
    bad: list[Bad] = []
    try:
        layout = _layout(runtime, kept)
        report = _import(runtime, kept, layout, is_rehearsal=True, bad=bad)
    except NeedsAnswer as question:
        with open_shop(runtime, shop_id) as opened:
            return _question(opened, kept, question)
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
            layout=layout,
            columns=layout.header,
            used=layout.used,
            said=layout.options,
            places=sorted(arrivals.locations(opened.session, shop_id).values()),
            question=None,
            **import_form.choices(),
        )


def _question(opened: OpenShop, kept: UploadRow, question: NeedsAnswer) -> str:
    return opened.render(
        "import_rehearsal.html",
        page_name="items.listing",
        upload=kept,
        report=None,
        bad=[],
        layout=None,
        columns=question.columns,
        used=question.used,
        said=_options(kept),
        places=[],
        question=question,
        **import_form.choices(),
    )


def _take(runtime: Runtime, shop_id: int, upload_id: str) -> Response:
    with runtime.sessions.begin() as session:
        kept = uploads.find_upload(session, shop_id, upload_id)
    if kept is None:
        abort(404)
    try:
        layout = _layout(runtime, kept)
    except FileRefused:
        return back_to("import_arrivals.rehearsal", shop_id=shop_id, upload_id=upload_id)
    _import(runtime, kept, layout, is_rehearsal=False, bad=[])
    with change_shop(runtime, shop_id) as opened:
        remember_layout(opened.session, shop_id, layout, now=runtime.clock())
        uploads.drop_upload(opened.session, shop_id, upload_id)
    return back_to("import_arrivals.choose", shop_id=shop_id, done="taken")


def _choice(opened: OpenShop, *, problem: str = "") -> str:
    return opened.render(
        "import_choice.html",
        page_name="items.listing",
        problem=problem,
        date_orders=import_form.DATE_ORDERS,
        needed=[IN_WORDS[role] for role in NEEDED],
        done_text=done_text(_DONE),
    )


def _read(file: FileStorage) -> bytes:
    """Bounded by the size of the request; a large one lies in a temporary file until it is closed."""
    with file.stream as stream:
        return stream.read(LARGEST_FILE)


def _name(file: FileStorage) -> str:
    """What the merchant calls it; some browsers tell a whole path."""
    return printable(os.path.basename((file.filename or "").replace("\\", "/")))[:100]


def _options(kept: UploadRow) -> Options:
    return msgspec.convert(kept.options, Options)


def _examine(
    session: Session, runtime: Runtime, shop_id: int, content: bytes, said: Options
) -> OrderFile:
    return examine_for_shop(
        session, shop_id, lambda: io.BytesIO(content), options=said, now=runtime.clock()
    )


def _layout(runtime: Runtime, kept: UploadRow) -> OrderFile:
    with runtime.sessions.begin() as session:
        return _examine(session, runtime, kept.shop_id, kept.content, _options(kept))


def _import(
    runtime: Runtime,
    kept: UploadRow,
    layout: OrderFile,
    *,
    is_rehearsal: bool,
    bad: list[Bad],
) -> Report:
    return import_file(
        runtime.sessions,
        kept.shop_id,
        layout,
        name=kept.name,
        by=access.viewer().name,
        now=runtime.clock(),
        is_rehearsal=is_rehearsal,
        on_bad=lambda one: bad.append(one) if len(bad) < _SHOWN_BAD else None,
    )
