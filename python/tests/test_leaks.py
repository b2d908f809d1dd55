"""A thousand calls leave nothing behind, and any thread may make them."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import volcv
from conftest import KEY, Emulator


@pytest.fixture(autouse=True)
def _no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest keeps all log records, which would be counted."""
    monkeypatch.setattr(logging.getLogger("volcv"), "level", logging.CRITICAL)


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def calls(client: volcv.Client, png: bytes, count: int) -> list[int]:
    """Makes calls, half of which are refused before they are sent, and some of which are cancelled."""
    ids = []
    for number in range(count):
        if number % 2:
            try:
                client.submit(volcv.Outpaint(png, left=2))
            except ValueError:
                continue
        job = client.submit(volcv.Outpaint(png, left=0.5))
        ids.append(job._id)
        if number % 10 == 0:
            job.cancel()
        try:
            job.result()
        except volcv.CancelledError:
            pass
    return ids


def test_a_thousand_submits(good: Emulator, png: bytes) -> None:
    with volcv.Client(good.url, KEY) as client:
        calls(client, png, 300)
        gc.collect()
        tracemalloc.start()
        python, memory = tracemalloc.get_traced_memory()[0], resident()
        ids = calls(client, png, 1000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - python
        tracemalloc.stop()
        # The ids themselves are about 20 kB.
        assert grown < 200_000, f"Python holds {grown} bytes more"
        assert resident() - memory < 12 << 20, f"the process holds {resident() - memory} bytes more"
        assert all(client._engine.progress(job) is None for job in ids)
        assert len(client._jobs) == 0


def test_clients_that_come_and_go(good: Emulator, png: bytes) -> None:
    def once() -> None:
        with volcv.Client(good.url, KEY) as client:
            client.outpaint(png, left=0.5)
        volcv.Client(good.url, credentials=lambda: volcv.Credentials("a", "b"))

    for _ in range(20):
        once()
    gc.collect()
    memory, threads = resident(), len(list(Path("/proc/self/task").iterdir()))
    for _ in range(50):
        once()
    gc.collect()
    assert resident() - memory < 12 << 20
    assert len(list(Path("/proc/self/task").iterdir())) <= threads


def test_many_threads(good: Emulator, png: bytes) -> None:
    with volcv.Client(good.url, KEY, max_in_flight=8) as client, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda seed: client.outpaint(png, left=0.5, seed=seed), range(40)))
        job = client.submit(volcv.Outpaint(png, left=0.5))
        same = list(pool.map(lambda _: job.result(), range(8)))
    assert {result.width for result in results} == {96}
    assert all(result is same[0] for result in same)


def test_many_asyncio_calls(good: Emulator, png: bytes) -> None:
    async def main() -> None:
        async with volcv.AsyncClient(good.url, KEY) as client:
            await asyncio.gather(*(client.outpaint(png, left=0.5) for _ in range(100)))
            memory = resident()
            await asyncio.gather(*(client.outpaint(png, left=0.5) for _ in range(200)))
            assert resident() - memory < 12 << 20 and not client._waiter.jobs

    asyncio.run(main())
