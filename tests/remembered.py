"""What every application that a test makes would compile anew, though it is always the same: remembered
for as long as the process of the tests lives. Each test still has an application of its own."""

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache, Undefined, UndefinedError
from jinja2.bccache import Bucket
from jinja2.utils import missing
from werkzeug.routing import Rule

_builders: dict[object, Callable[..., tuple[str, str]]] = {}
_codes: dict[str, tuple[str, CodeType]] = {}


class _Templates(BytecodeCache):
    """Templates, by name and source."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Nothing, where the source has changed."""
        checksum, code = _codes.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps it."""
        assert bucket.code is not None
        _codes[bucket.key] = (bucket.checksum, bucket.code)


class _NoAttribute(Undefined):
    """An attribute that an object has not is shown as nothing by Jinja: what was renamed in Python alone
    would be gone from its page without a word. Names that nobody gave are taken for false on purpose (an
    error of a form, a notice)."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if obj is not missing and not isinstance(obj, Mapping):
            raise AttributeError(self._undefined_message)


class _Address(Rule):
    """Werkzeug writes, parses and compiles two functions for each address. They depend on what the rule
    says alone; converters and the like they find in the rule that calls them."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (
            self.rule,
            self.subdomain,
            self.host,
            repr(self.defaults),
            repr(self._trace),
            append_unknown,
        )
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def remember_what_applications_compile() -> None:
    """For all applications that are made from now on, by the options that Flask has for that."""
    options: dict[str, Any] = {
        **Flask.jinja_options,
        "bytecode_cache": _Templates(),
        "undefined": _NoAttribute,
    }
    Flask.jinja_options = options
    Flask.url_rule_class = _Address
