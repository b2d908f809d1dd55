"""How a client is set up: by arguments, and by the same environment variables as the command `volcv`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

from volcv import _checks as checks
from volcv._credentials import Credentials, credentials_hook
from volcv._errors import ConfigError, Facts
from volcv._native import Arena, lib, milliseconds_of, new


class ClientOptions(TypedDict, total=False):
    """The keywords of a client. What is left out has the library's own default."""

    #: Direct access: requests are signed with an access key and go to Volcengine itself. The key comes from
    #: `access_key`, from `credentials`, or, as with the official SDKs, from `VOLC_ACCESSKEY` and `VOLC_SECRETKEY`,
    #: `~/.volc/credentials` or `~/.volc/config`.
    direct: bool
    access_key: str
    secret_key: str
    #: The session token of a temporary access key.
    session_token: str
    #: Asked for new credentials whenever they are needed, on a thread of its own.
    credentials: Callable[[], Credentials]
    #: The region in signatures; "cn-north-1" by default.
    region: str

    #: Calls that run at once, 1 to 256; 4 by default.
    max_in_flight: int
    #: Calls that may wait for their turn, 1 to 65535; 256 by default. More are a BusyError.
    max_queued: int
    #: Attempts of one call; 4 by default.
    max_attempts: int
    #: Attempts of one call that are or may be charged; 1 by default.
    charge_limit: int
    #: Where the review refused the picture, try another seed, within `charge_limit`.
    new_seed: bool

    #: Seconds for resolving, connecting and shaking hands; 10 by default.
    connect_timeout: float
    #: Seconds without a byte while uploading or downloading; 30 by default.
    stall_timeout: float
    #: Seconds for one attempt; 300 by default.
    attempt_timeout: float
    #: Seconds for a whole call with all its attempts and waits; none by default.
    deadline: float
    #: Seconds before the second question about a task; later waits are longer. 2 by default.
    poll_interval: float
    #: The largest reply in bytes; 64 MiB by default.
    reply_limit: int

    #: The proxy: ``http://user:password@host:port``, ``socks5://…`` or ``socks5h://…`` [VOLCV_PROXY].
    proxy: str
    #: Use the proxies that https_proxy, http_proxy, all_proxy and no_proxy name, as curl does.
    proxy_from_env: bool
    #: A file of further certificates to trust, PEM or DER, or its bytes [VOLCV_CA_FILE].
    ca: str | os.PathLike[str] | bytes
    #: Which other certificates are trusted: Mozilla's, or none.
    tls_roots: Literal["default", "none"]
    #: Lets the key travel over plain http to other machines.
    allow_insecure_http: bool


SECONDS = {
    "connect_timeout": "connect_limit_ms",
    "stall_timeout": "stall_limit_ms",
    "attempt_timeout": "attempt_limit_ms",
    "deadline": "deadline_ms",
    "poll_interval": "poll_interval_ms",
}
NUMBERS = {
    "max_in_flight": "max_in_flight",
    "max_queued": "max_queued",
    "max_attempts": "max_attempts",
    "charge_limit": "charge_limit",
}
FLAGS = {
    "new_seed": lib.VOLCV_CLIENT_NEW_SEED,
    "proxy_from_env": lib.VOLCV_CLIENT_PROXY_FROM_ENV,
    "allow_insecure_http": lib.VOLCV_CLIENT_ALLOW_INSECURE_HTTP,
}
ROOTS = {"default": lib.VOLCV_TLS_ROOTS_DEFAULT, "none": lib.VOLCV_TLS_ROOTS_EXTRA_ONLY}


class Setup:
    """A volcv_client_options, and the memory it points to. It holds secrets: keep it no longer than needed."""

    def __init__(self, base_url: str | None, api_key: str | None, options: Mapping[str, Any]) -> None:
        checks.refuse_unknown("Client", options, ClientOptions.__annotations__)
        given = {name: value for name, value in options.items() if value is not None}
        self._arena = Arena()
        self.struct = new("volcv_client_options")
        #: What C calls; it has to live as long as the client.
        self.callbacks: list[object] = []
        self._access(base_url, api_key, given)
        self._limits(given)
        self._network(given)

    def __repr__(self) -> str:
        return "<Setup>"

    def _text(self, name: str, value: object) -> Any:
        return self._arena.text(None if value is None else checks.text(name, value))

    def _access(self, base_url: str | None, api_key: str | None, given: Mapping[str, Any]) -> None:
        struct = self.struct
        keyed = "access_key" in given or "credentials" in given
        direct = checks.flag("direct", given.get("direct", keyed))
        for name in ("access_key", "secret_key", "session_token", "region"):
            if name in given and not direct:
                raise ConfigError(f"{name}: only with direct access, and direct is False", Facts(kind="config"))
            setattr(struct, name, self._text(name, given.get(name)))
        if not direct:
            base_url, api_key = base_url or _variable("VOLCV_BASE_URL"), api_key or _variable("VOLCV_API_KEY")
            for name, value, variable in [("base_url", base_url, "VOLCV_BASE_URL"), ("api_key", api_key, "VOLCV_API_KEY")]:
                if not value:
                    raise ConfigError(f"{name}: give it, set {variable}, or use direct=True", Facts(kind="config"))
            struct.api_key = self._text("api_key", api_key)
        elif api_key is not None:
            raise ConfigError("api_key: it is that of a gateway, and direct access needs none", Facts(kind="config"))
        else:
            base_url = base_url or _variable("VOLCV_DIRECT_URL")
            if isinstance(base_url, str) and base_url.rstrip("/").endswith("/volcv/v1"):
                raise ConfigError("base_url: it is that of a gateway, and access is direct", Facts(kind="config"))
            self._credentials(keyed, given)
        struct.base_url = self._text("base_url", base_url)

    def _credentials(self, keyed: bool, given: Mapping[str, Any]) -> None:
        if "credentials" in given:
            if not callable(given["credentials"]):
                raise checks.wrong_type("credentials", given["credentials"], "a function that gives Credentials")
            hook, callbacks = credentials_hook(given["credentials"])
            self.struct.credentials = self._arena.keep(hook)
            self.callbacks += callbacks
        elif not keyed:
            self.struct.flags |= lib.VOLCV_CLIENT_FIND_CREDENTIALS

    def _limits(self, given: Mapping[str, Any]) -> None:
        for name, field in SECONDS.items():
            if name in given:
                setattr(self.struct, field, milliseconds_of(checks.seconds(name, given[name])))
        for name, field in NUMBERS.items():
            if name in given:
                setattr(self.struct, field, checks.whole(name, given[name]))
        if "reply_limit" in given:
            self.struct.reply_limit_bytes = checks.whole("reply_limit", given["reply_limit"], 1, 2**63 - 1)
        for name, bit in FLAGS.items():
            if name in given and checks.flag(name, given[name]):
                self.struct.flags |= bit

    def _network(self, given: Mapping[str, Any]) -> None:
        from_env = bool(self.struct.flags & lib.VOLCV_CLIENT_PROXY_FROM_ENV)
        proxy = given.get("proxy") or (None if from_env else _variable("VOLCV_PROXY"))
        self.struct.proxy = self._text("proxy", proxy)
        ca = given.get("ca") or _variable("VOLCV_CA_FILE")
        if ca is not None:
            if not isinstance(ca, (str, bytes, os.PathLike)):
                raise checks.wrong_type("ca", ca, "a path or bytes")
            data = ca if isinstance(ca, bytes) else Path(ca).read_bytes()
            self.struct.extra_roots, self.struct.extra_roots_size = self._arena.bytes(data), len(data)
        if "tls_roots" in given:
            self.struct.tls_roots = checks.one_of("tls_roots", given["tls_roots"], ROOTS)


def _variable(name: str) -> str | None:
    """An empty variable is none."""
    return os.environ.get(name) or None
