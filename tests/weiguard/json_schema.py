"""Just enough of JSON Schema to hold the published schemas against real events: an unknown keyword is an error."""

from __future__ import annotations

import re
from typing import Any, Final

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_SAYS_NOTHING: Final = {"title", "description", "default", "$schema", "$defs"}


class Schema:
    """A schema; `fits` tells whether a value is of it."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root

    def fits(self, value: Any, schema: dict[str, Any] | bool | None = None) -> bool:
        """Return whether a value fits the schema, or a part of it."""
        here = self.root if schema is None else schema
        if isinstance(here, bool):
            return here
        return all(
            self._keyword(name, rule, value, here) for name, rule in here.items() if name not in _SAYS_NOTHING
        )

    def _keyword(self, name: str, rule: Any, value: Any, schema: dict[str, Any]) -> bool:
        match name:
            case "$ref":
                return self.fits(value, self.root["$defs"][rule.removeprefix("#/$defs/")])
            case "type":
                return isinstance(value, _TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool))
            case "enum":
                return value in rule
            case "anyOf":
                return any(self.fits(value, each) for each in rule)
            case "oneOf":
                return sum(self.fits(value, each) for each in rule) == 1
            case "properties":
                return all(self.fits(value[key], each) for key, each in rule.items() if key in value)
            case "required":
                return all(key in value for key in rule)
            case "additionalProperties":
                known = schema.get("properties", {})
                return all(self.fits(each, rule) for key, each in value.items() if key not in known)
            case "items":
                return all(self.fits(each, rule) for each in value)
            case "minimum":
                return bool(value >= rule)
            case "maximum":
                return bool(value <= rule)
            case "minLength":
                return bool(len(value) >= rule)
            case "maxLength":
                return bool(len(value) <= rule)
            case "pattern":
                return re.search(rule, value) is not None
            case _:
                raise AssertionError(f"the keyword {name} is not known here")
