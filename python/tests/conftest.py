"""What the tests share: emulators on this machine, and pictures.

VOLCV_COMMAND is the command `volcv`, whose emulator answers; VOLCV_HEADER is include/volcv.h.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest
from numpy.typing import NDArray

import volcv

KEY = "emulator-key"
ACCESS_KEY = "AKEMULATOR"
SECRET_KEY = "emulator-secret-key"

VARIABLES = (
    "VOLCV_BASE_URL VOLCV_API_KEY VOLCV_DIRECT_URL VOLCV_PROXY VOLCV_CA_FILE "
    "VOLC_ACCESSKEY VOLC_SECRETKEY VOLC_SESSION_TOKEN http_proxy https_proxy all_proxy HTTPS_PROXY HTTP_PROXY ALL_PROXY"
)


class Emulator:
    """A local gateway that misbehaves as `faults` say, one for each coming request."""

    def __init__(self, *faults: str, options: tuple[str, ...] = ()) -> None:
        words = [word for fault in faults for word in ("--fault", fault)]
        self._process = subprocess.Popen(
            [os.environ["VOLCV_COMMAND"], "emulator", *words, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:")

    def stop(self) -> tuple[int, int]:
        """Ends it; gives the number of complete request bodies, and of those that could have been billed."""
        self._process.send_signal(signal.SIGINT)
        _, text = self._process.communicate(timeout=30)
        found = re.search(r"(\d+) complete bodies, (\d+) of them", text)
        assert found is not None, text
        return int(found.group(1)), int(found.group(2))

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def start() -> Iterator[Callable[..., Emulator]]:
    """Starts emulators, which end with the test."""
    running: list[Emulator] = []

    def start(*faults: str, options: tuple[str, ...] = ()) -> Emulator:
        running.append(Emulator(*faults, options=options))
        return running[-1]

    yield start
    for emulator in running:
        emulator.kill()


@pytest.fixture(scope="session")
def good() -> Iterator[Emulator]:
    """An emulator that behaves."""
    emulator = Emulator()
    yield emulator
    emulator.kill()


@pytest.fixture
def client(good: Emulator) -> Iterator[volcv.Client]:
    with volcv.Client(good.url, KEY) as client:
        yield client


def array(width: int = 64, height: int = 48, channels: int = 3) -> NDArray[numpy.uint8]:
    """Pixels that differ from each other."""
    generator = numpy.random.default_rng(7)
    smooth = numpy.add.outer(numpy.arange(height) * 3, numpy.arange(width) * 2)[..., None]
    noise = generator.integers(0, 8, (height, width, channels))
    return ((smooth + noise) % 200 + 20).astype(numpy.uint8)


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small picture."""
    return encode(array())


def encode(pixels: NDArray[numpy.uint8], format: str = "png") -> bytes:
    from volcv import _pictures

    loaded = _pictures.load("picture", pixels)
    assert isinstance(loaded, volcv.Pixels)
    return _pictures.encode(loaded, format)


@pytest.fixture(scope="session")
def large() -> bytes:
    """A picture that does not fit into the buffers of a connection."""
    return encode(numpy.random.default_rng(1).integers(0, 255, (2400, 2400, 3)).astype(numpy.uint8), "bmp")


def python(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
