"""The C library: how it is found, and what its numbers, texts and bytes are in Python."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

try:
    from volcv._cffi import ffi
    from volcv._version import VERSION
except ImportError as reason:
    raise ImportError(
        f"this is the source of volcv, not an installed package ({reason}): "
        "install a wheel, or run `pip install ./python` in a checkout, which needs cargo"
    ) from None

#: A C value. cffi knows its type at run time only.
CData = Any

NAMES = {"darwin": "libvolcv.dylib", "win32": "volcv.dll"}


def _load() -> Any:
    path = Path(__file__).with_name(NAMES.get(sys.platform, "libvolcv.so"))
    if not path.exists():
        raise ImportError(f"volcv's library is missing: there is no {path}; install the wheel of this platform again")
    try:
        library: Any = ffi.dlopen(str(path))
    except OSError as reason:
        raise ImportError(f"volcv's library cannot be loaded on this system: {reason}") from None
    found, wanted = library.volcv_abi_version(), library.VOLCV_ABI_VERSION
    if found != wanted:
        raise ImportError(f"{path} has the ABI {found}, but this package is made for {wanted}; install volcv again")
    return library


lib = _load()

__all__ = ["VERSION", "Arena", "ffi", "lib", "milliseconds_of", "new", "take", "text_of"]

def new(name: str) -> CData:
    """An empty struct with its size in front."""
    value: CData = ffi.new(f"{name} *")
    value.struct_size = ffi.sizeof(name)
    return value


def text_of(chars: CData) -> str:
    """A text that ends with NUL; empty for NULL."""
    if chars == ffi.NULL:
        return ""
    raw: Any = ffi.string(chars)
    return str(raw, "utf-8", "replace")


def take(buffer: CData) -> bytes:
    """The bytes of a volcv_buffer, which is released."""
    try:
        return bytes(ffi.buffer(buffer.data, buffer.size)) if buffer.size else b""
    finally:
        lib.volcv_buffer_release(buffer)


def milliseconds_of(seconds: float) -> int:
    """At least 1, because 0 means something else in C."""
    return max(1, min(round(seconds * 1000), int(lib.VOLCV_WAIT_FOREVER) - 1))


class Arena:
    """Keeps the memory that a struct of C points to."""

    def __init__(self) -> None:
        self._kept: list[CData] = []

    def keep(self, value: CData) -> CData:
        """Keeps a C value for as long as this object lives."""
        self._kept.append(value)
        return value

    def text(self, text: bytes | None) -> CData:
        """A text for C; NULL for none."""
        return ffi.NULL if text is None else self.keep(ffi.new("char[]", text))

    def bytes(self, data: Any) -> CData:
        """A view of bytes, without a copy."""
        return self.keep(ffi.from_buffer(data))
