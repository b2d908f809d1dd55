"""What arguments may be. A wrong type is a TypeError and a wrong value a ValueError; both begin with the field's name.

The ranges of the service are checked by the library. Here stands only what would not survive the way to C.
"""

from __future__ import annotations

import json
import math
import numbers
import operator
from collections.abc import Iterable, Mapping
from typing import Any


def wrong_type(name: str, value: object, allowed: str) -> TypeError:
    """The error for a value of another type. It does not show the value, which may be a picture or a secret."""
    return TypeError(f"{name}: {allowed} is needed, not {type(value).__name__}")


def number(name: str, value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise wrong_type(name, value, "a number")
    try:
        result = float(value)
    except OverflowError:
        raise ValueError(f"{name}: {value} is too large") from None
    if not math.isfinite(result):
        raise ValueError(f"{name}: {result} is not a finite number")
    return result


def sent_number(name: str, value: object) -> float:
    """A number that C takes for "not given" if it is 0."""
    result = number(name, value)
    if result == 0:
        raise ValueError(f"{name}: 0 is not allowed; leave it out for the service's own value")
    return result


def seconds(name: str, value: object) -> float:
    """A time span above 0."""
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name}: {result} is not allowed; seconds above 0 are needed")
    return result


def whole(name: str, value: object, least: int = 1, most: int = 2**32 - 1) -> int:
    """A whole number in a range, which is that of its C type unless the service's own is known."""
    if isinstance(value, bool):
        raise wrong_type(name, value, "a whole number")
    try:
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise wrong_type(name, value, "a whole number") from None
    if not least <= result <= most:
        raise ValueError(f"{name}: {result} is out of range, {least} to {most}")
    return result


def flag(name: str, value: object) -> bool:
    """True or False; a text such as "no" is neither."""
    if value is True or value is False:
        return value
    raise wrong_type(name, value, "True or False")


def text(name: str, value: object) -> bytes:
    """A text for C."""
    if not isinstance(value, str):
        raise wrong_type(name, value, "a str")
    if "\0" in value:
        raise ValueError(f"{name}: a text must not have the character NUL")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as reason:
        raise ValueError(f"{name}: half of a surrogate pair at {reason.start} is not a character") from None


def one_of(name: str, value: object, allowed: Mapping[str, int]) -> int:
    """The number of a word."""
    if not isinstance(value, str):
        raise wrong_type(name, value, "a str")
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(map(repr, allowed))}")
    return allowed[value]


def parts(name: str, value: object, count: int, form: str) -> list[Any]:
    """So many values in a row, such as a tuple."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise wrong_type(name, value, form)
    values = list(value)
    if len(values) != count:
        raise ValueError(f"{name}: {len(values)} values, but {form} is needed")
    return values


def json_object(name: str, value: object) -> bytes:
    """A JSON object as text."""
    if not isinstance(value, Mapping):
        raise wrong_type(name, value, "a mapping")
    try:
        return text(name, json.dumps(dict(value), allow_nan=False, ensure_ascii=False))
    except (TypeError, RecursionError) as reason:
        raise TypeError(f"{name}: {reason}") from None
    except ValueError as reason:
        raise ValueError(f"{name}: {reason}") from None


def refuse_unknown(function: str, given: Mapping[str, object], known: Iterable[str]) -> None:
    """As Python does for a function that lists its keywords."""
    for name in given:
        if name not in known:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
