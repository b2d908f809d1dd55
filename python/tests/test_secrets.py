"""No secret is in any text that a program may show."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest

import volcv
from conftest import Emulator, python

SECRETS = ("secret-api-key-7f3a", "AKSECRET9b1c", "secret-secret-key-55d0", "secret-token-81ee", "secret-password-0d0d")
API_KEY, ACCESS_KEY, SECRET_KEY, TOKEN, PASSWORD = SECRETS


def texts(error: BaseException) -> str:
    """All that a traceback with local variables would show."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return f"{shown} {error!r} {error} {getattr(error, 'facts', '')!r}"


def test_no_secret_is_shown(
    start: Callable[..., Emulator], png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "volcv")
    emulator = start()
    shown = []
    makers: list[Callable[[], volcv.Client]] = [
        lambda: volcv.Client(emulator.url, API_KEY),
        lambda: volcv.Client(emulator.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, session_token=TOKEN),
        lambda: volcv.Client(emulator.url, credentials=lambda: volcv.Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)),
        lambda: volcv.Client(emulator.url, API_KEY, proxy=f"http://user:{PASSWORD}@127.0.0.1:9", max_attempts=1),
    ]
    for make in makers:
        with make() as client:
            with pytest.raises(volcv.VolcvError) as raised:
                client.outpaint(png, left=0.5)
            shown += [texts(raised.value), repr(client), str(client), repr(vars(client))]
    for options in [
        {"api_key": API_KEY, "max_in_flight": 10**6},
        {"api_key": API_KEY, "proxy": f"ftp://user:{PASSWORD}@host"},
        {"api_key": API_KEY + "\n"},
        {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "api_key": API_KEY},
        {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": "a b"},
    ]:
        with pytest.raises(ValueError) as refused:
            volcv.Client(emulator.url, **options)  # type: ignore[arg-type]
        shown.append(f"{refused.value!r} {refused.value} {''.join(traceback.format_exception(refused.value))}")
    shown += [repr(volcv.Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)), caplog.text]
    for secret in SECRETS:
        assert not any(secret in text for text in shown), secret


def test_a_traceback_of_the_interpreter_shows_no_secret() -> None:
    code = "import os, volcv; volcv.Client('https://host.invalid', os.environ['KEY'], max_queued=10**7)"
    output = python(code, KEY=API_KEY)
    assert output.returncode == 1 and "max_queued" in output.stderr and API_KEY not in output.stderr


def test_no_picture_is_shown(client: volcv.Client, png: bytes) -> None:
    request = volcv.Outpaint(png, left=0.5)
    result = client.run(request)
    for text in [repr(request), repr(result), repr(result.pictures[0])]:
        assert "PNG" not in text and len(text) < 1000
