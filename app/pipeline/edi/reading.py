"""Reads an EDI file, whichever of the two languages it is in."""

from collections.abc import Container
from dataclasses import replace
from zoneinfo import ZoneInfo

from app.pipeline.edi import edifact, x12
from app.pipeline.edi.document import EdiDocument, language_of, text_of
from app.pipeline.files.options import Options
from app.pipeline.files.text import Source

_READERS = {"X12": x12.read, "EDIFACT": edifact.read}


def read_edi(
    source: Source, *, options: Options, known_skus: Container[str], zone: ZoneInfo
) -> EdiDocument | None:
    """The document, or None for a file that is no EDI. Raises `FileRefused` that names the segment."""
    language = language_of(source)
    if language is None:
        return None
    read = _READERS[language](text_of(source), zone=zone)
    return replace(read, known_skus=known_skus, options=options)
