"""The variables that the command reads are read here as well, and arguments win over them."""

from __future__ import annotations

from pathlib import Path

import pytest

import volcv
from conftest import ACCESS_KEY, KEY, SECRET_KEY, Emulator


def test_a_gateway(good: Emulator, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(volcv.ConfigError, match="VOLCV_BASE_URL"):
        volcv.Client()
    monkeypatch.setenv("VOLCV_BASE_URL", good.url)
    with pytest.raises(volcv.ConfigError, match="VOLCV_API_KEY"):
        volcv.Client()
    monkeypatch.setenv("VOLCV_API_KEY", KEY)
    with volcv.Client() as client:
        assert client.outpaint(png, left=0.5).width == 96
    with volcv.Client(api_key="another") as client, pytest.raises(volcv.AuthError):
        client.outpaint(png, left=0.5)


def test_direct_access(good: Emulator, png: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOLCV_DIRECT_URL", good.url)
    with pytest.raises(volcv.AuthError):
        volcv.Client(direct=True)
    monkeypatch.setenv("VOLC_ACCESSKEY", ACCESS_KEY)
    monkeypatch.setenv("VOLC_SECRETKEY", SECRET_KEY)
    monkeypatch.setenv("VOLCV_API_KEY", "that of a gateway is not used")
    with volcv.Client(direct=True) as client:
        assert client.outpaint(png, left=0.5).width == 96
    for options in [{"api_key": KEY}, {"base_url": "https://host/volcv/v1"}]:
        with pytest.raises(volcv.ConfigError, match="gateway"):
            volcv.Client(direct=True, **options)  # type: ignore[arg-type]
    with pytest.raises(volcv.ConfigError, match="access_key"):
        volcv.Client(good.url, KEY, direct=False, access_key=ACCESS_KEY)


def test_files_of_the_official_sdks(good: Emulator, png: bytes, tmp_path: Path) -> None:
    (tmp_path / ".volc").mkdir()
    lines = f"[default]\naccess_key_id = {ACCESS_KEY}\nsecret_access_key = {SECRET_KEY}\n"
    (tmp_path / ".volc" / "credentials").write_text(lines)
    with volcv.Client(good.url, direct=True) as client:
        assert client.outpaint(png, left=0.5).width == 96


def test_proxy_and_certificates(good: Emulator, png: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOLCV_PROXY", "http://127.0.0.1:9")
    with volcv.Client(good.url, KEY, max_attempts=1) as client, pytest.raises(volcv.ConnectError, match="proxy"):
        client.outpaint(png, left=0.5)
    monkeypatch.setenv("VOLCV_PROXY", "")
    monkeypatch.setenv("VOLCV_CA_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(FileNotFoundError, match="missing.pem"):
        volcv.Client(good.url, KEY)
    (tmp_path / "missing.pem").write_text("no certificate")
    with pytest.raises(volcv.ConfigError):
        volcv.Client(good.url, KEY)


def test_plain_http_is_for_this_machine() -> None:
    with pytest.raises(volcv.ConfigError, match="https"):
        volcv.Client("http://gateway.example", KEY)
    volcv.Client("http://gateway.example", KEY, allow_insecure_http=True).close()


def test_every_option_is_taken(good: Emulator, png: bytes) -> None:
    with volcv.Client(
        good.url,
        KEY,
        max_in_flight=2,
        max_queued=9,
        max_attempts=3,
        charge_limit=2,
        new_seed=True,
        connect_timeout=5,
        stall_timeout=5,
        attempt_timeout=60,
        deadline=60,
        poll_interval=0.1,
        reply_limit=1 << 20,
        proxy_from_env=False,
        tls_roots="default",
    ) as client:
        assert client.outpaint(png, left=0.5).width == 96
    with volcv.Client(good.url, KEY, reply_limit=1000) as client, pytest.raises(volcv.ResponseTooLargeError):
        client.outpaint(png, left=0.5)
    with pytest.raises(TypeError, match="credentials"):
        volcv.Client(good.url, credentials=5)  # type: ignore[arg-type]
    for name, value, error in [
        ("max_in_flight", 0, ValueError),
        ("max_in_flight", 257, ValueError),
        ("max_attempts", "3", TypeError),
        ("deadline", -1, ValueError),
        ("connect_timeout", "1", TypeError),
        ("tls_roots", "all", ValueError),
        ("new_seed", 1, TypeError),
        ("ca", 5, TypeError),
        ("timeout", 5, TypeError),
    ]:
        with pytest.raises(error, match=name):
            volcv.Client(good.url, KEY, **{name: value})  # type: ignore[arg-type]
