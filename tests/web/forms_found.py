"""The forms of our pages, found by following their links, with what a browser would send of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

from tests.web.visitors import Browser

_LEADS_OUT = re.compile(r"sign-out|unsubscribe|^//|^[a-z]+:", re.I)


@dataclass
class Form:
    """A form of the page at `page`. `files` are the fields that take a file."""

    page: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.links, self.forms = path, list[str](), list[Form]()
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(told.get("href", ""))
        elif tag == "form":
            action = told.get("action") or self.path
            self.forms.append(Form(self.path, action, told.get("method", "get").upper()))
        elif self.forms:
            self._handle_field(tag, told)

    def _handle_field(self, tag: str, told: dict[str, str]) -> None:
        form, name = self.forms[-1], told.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in told or self._select not in form.fields:
                form.fields[self._select] = told.get("value", "")
        elif tag == "textarea":
            self._text, form.fields[name] = name, ""
        elif name and told.get("type") == "file":
            form.files.append(name)
        elif name and tag in ("input", "button"):
            is_off = told.get("type") in ("checkbox", "radio") and "checked" not in told
            if not is_off or name not in form.fields:
                form.fields[name] = told.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text:
            self.forms[-1].fields[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._text = "" if tag == "textarea" else self._text


def forms_from(browser: Browser, start: str, *, pages: int = 60) -> Iterator[Form]:
    """Those of so many pages that can be reached from `start`, one page of each kind. What signs out
    is left alone."""
    seen, waiting = {start}, [start]
    for _ in range(pages):
        if not waiting:
            return
        path = waiting.pop(0)
        answer = browser.get(path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        page = _Page(path.partition("?")[0])
        page.feed(answer.get_data(as_text=True))
        yield from (form for form in page.forms if not _LEADS_OUT.search(form.action))
        for address in page.links:
            link = urldefrag(urljoin(page.path, address)).url
            kind = re.sub(r"\?.*", "", link)
            if link.startswith("/") and not _LEADS_OUT.search(address) and kind not in seen:
                seen.add(kind)
                waiting.append(link)
