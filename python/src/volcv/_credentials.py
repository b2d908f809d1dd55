"""Credentials of direct access that are asked for whenever they are needed."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from volcv import _checks as checks
from volcv._native import Arena, CData, ffi, lib, new


@dataclass(frozen=True)
class Credentials:
    """An access key of Volcengine. ``repr()`` shows none of it."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    #: When temporary credentials end, with a time zone. From a minute before on, new ones are asked for.
    expires: datetime.datetime | None = None


def credentials_hook(provider: Callable[[], Credentials]) -> tuple[CData, list[object]]:
    """A volcv_credentials_hook that asks the function, and its callbacks, which have to live as long as the client."""
    arenas: dict[int, Arena] = {}

    def get(user: object, out: CData) -> int:
        arena = arenas[int(ffi.cast("uintptr_t", out))] = Arena()
        try:
            _fill(out, provider(), arena)
        except Exception as reason:
            # The text of an error of somebody else may have a secret in it; its type has none.
            out.message = arena.text(f"the provider of credentials failed with {type(reason).__name__}".encode())
            return int(lib.VOLCV_E_AUTH)
        return int(lib.VOLCV_OK)

    def release(user: object, out: CData) -> None:
        arenas.pop(int(ffi.cast("uintptr_t", out)), None)

    hook = new("volcv_credentials_hook")
    failed = lib.VOLCV_E_INTERNAL
    callbacks: list[Any] = [
        ffi.callback("volcv_credentials_get_fn", get, error=failed),
        ffi.callback("volcv_credentials_release_fn", release),
    ]
    hook.get, hook.release = callbacks
    return hook, callbacks


def _fill(out: CData, credentials: object, arena: Arena) -> None:
    if not isinstance(credentials, Credentials):
        raise checks.wrong_type("credentials", credentials, "Credentials")
    out.access_key = arena.text(checks.text("access_key", credentials.access_key))
    out.secret_key = arena.text(checks.text("secret_key", credentials.secret_key))
    if credentials.session_token is not None:
        out.session_token = arena.text(checks.text("session_token", credentials.session_token))
    if credentials.expires is not None:
        out.expires_unix = int(credentials.expires.timestamp())
