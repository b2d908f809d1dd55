"""The asyncio client: many calls at once, a loop that never blocks, and cancelled tasks."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import volcv
from conftest import KEY, Emulator

Start = Callable[..., Emulator]


def test_twenty_calls_at_once(start: Start, png: bytes, tmp_path: Path) -> None:
    emulator = start(options=("--delay", "300"))
    (tmp_path / "photo.png").write_bytes(png)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async def main() -> list[volcv.Result]:
        ticking = asyncio.create_task(tick())
        async with volcv.AsyncClient(emulator.url, KEY, max_in_flight=20) as client:
            calls = (client.outpaint(tmp_path / "photo.png", left=0.5, seed=seed) for seed in range(20))
            results = await asyncio.gather(*calls)
        ticking.cancel()
        return results

    results = asyncio.run(main())
    assert [result.width for result in results] == [96] * 20
    assert len({result.request_id for result in results}) == 20
    # While the emulator thought, the loop went on.
    assert ticks >= 5
    assert emulator.stop() == (20, 20)


def test_every_method(good: Emulator, png: bytes) -> None:
    async def main() -> None:
        async with volcv.AsyncClient(good.url, KEY) as client:
            heard: list[volcv.Progress] = []
            grown = await client.outpaint(png, left=0.5, keep_original=True, progress=heard.append)
            assert grown.operation is not None and grown.operation.exact
            assert heard and heard[-1].phase is volcv.Phase.ENDED
            for call in [
                client.inpaint(png, png, prompt="snow"),
                client.erase(png, png, quality="M"),
                client.painting_edit(png, png, prompt="snow"),
            ]:
                assert (await call).width == 64
            task = await client.submit_task(volcv.Outpaint(png, left=0.5))
            assert (await client.task_status(task)).state is volcv.TaskState.DONE
            assert (await client.wait_task(str(task))).task == task
            with pytest.raises(volcv.VolcvError):
                await client.cancel_task(task)
            body = {"req_key": "i2i_outpainting", "top": 0, "bottom": 0, "left": 1, "right": 0, "return_url": True}
            links = (await client.call(body, pictures=[png])).links
            assert (await client.download(links[0])).width == 128

    asyncio.run(main())


def test_errors_and_garbage(start: Start, png: bytes) -> None:
    emulator = start("close=body", "code=50400")

    async def main() -> None:
        async with volcv.AsyncClient(emulator.url, KEY) as client:
            with pytest.raises(volcv.OutcomeUnknownError) as unknown:
                await client.outpaint(png, left=0.5)
            assert unknown.value.charge is volcv.Charge.UNKNOWN
            with pytest.raises(volcv.AuthError):
                await client.outpaint(png, left=0.5)
            with pytest.raises(ValueError, match="left"):
                await client.outpaint(png, left=5)
            with pytest.raises(TypeError, match="picture"):
                await client.outpaint(5, left=1)  # type: ignore[arg-type]
            with pytest.raises(FileNotFoundError):
                await client.outpaint("/nowhere.png", left=1)

    asyncio.run(main())


def test_a_cancelled_task_cancels_its_call(start: Start, large: bytes) -> None:
    emulator = start("stall=20000", "ok")

    async def main() -> None:
        uploading = asyncio.Event()

        def progress(now: volcv.Progress) -> None:
            if now.phase is volcv.Phase.UPLOADING:
                uploading.set()

        async with volcv.AsyncClient(emulator.url, KEY, max_in_flight=1) as client:
            task = asyncio.create_task(client.outpaint(large, left=0.5, progress=progress))
            await uploading.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The only worker is free again.
            assert (await client.outpaint(large, equal=0.1, max_width=64, max_height=64)).width == 64

    asyncio.run(main())
    assert emulator.stop() == (1, 1)


def test_what_a_cancelled_call_cost_is_logged(
    start: Start, png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    emulator = start("stall=body")

    async def main() -> None:
        waiting = asyncio.Event()

        def progress(now: volcv.Progress) -> None:
            if now.phase is volcv.Phase.WAITING:
                waiting.set()

        async with volcv.AsyncClient(emulator.url, KEY) as client:
            task = asyncio.create_task(client.outpaint(png, left=0.5, progress=progress))
            await waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert "a cancelled call is or may be charged" in caplog.text


def test_tasks_that_are_cancelled_at_once(start: Start, png: bytes) -> None:
    emulator = start(options=("--delay", "50"))

    async def main() -> None:
        async with volcv.AsyncClient(emulator.url, KEY) as client:
            for _ in range(20):
                task = asyncio.create_task(client.outpaint(png, left=0.5))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert (await client.outpaint(png, left=0.5)).width == 96
            assert not client._waiter.jobs or all(job._abandoned for job in client._waiter.jobs.values())

    asyncio.run(main())


def test_a_job_goes_on_when_its_wait_ends(start: Start, png: bytes) -> None:
    emulator = start("delay=300", "stall=body")

    async def main() -> None:
        async with volcv.AsyncClient(emulator.url, KEY) as client:
            job = await client.submit(volcv.Outpaint(png, left=0.5))
            with pytest.raises(TimeoutError):
                await job.result(timeout=0.01)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(job.result(), 0.01)
            assert not job.done()
            both = await asyncio.gather(job.result(), job.result())
            assert both[0] is both[1] and both[0].width == 96 and job.done()
            job.cancel()
            job = await client.submit(volcv.Outpaint(png, left=0.5))
            job.cancel()
            with pytest.raises(volcv.CancelledError):
                await job.result()

    asyncio.run(main())


def test_closing_ends_what_runs(start: Start, png: bytes) -> None:
    emulator = start("stall=body")

    async def main() -> None:
        client = volcv.AsyncClient(emulator.url, KEY)
        job = await client.submit(volcv.Outpaint(png, left=0.5))
        while job.progress().phase is not volcv.Phase.WAITING:
            await asyncio.sleep(0.005)
        await client.aclose()
        await client.aclose()
        with pytest.raises(volcv.CancelledError) as raised:
            await job.result()
        assert raised.value.charge is volcv.Charge.UNKNOWN
        with pytest.raises(volcv.ClosedError):
            await client.outpaint(png, left=0.5)
        assert repr(client) == "<volcv.AsyncClient (closed)>"

    asyncio.run(main())


def test_a_client_that_is_forgotten_leaves_no_thread(good: Emulator, png: bytes) -> None:
    async def main() -> None:
        client = volcv.AsyncClient(good.url, KEY)
        await client.outpaint(png, left=0.5)
        forgotten.append(weakref.ref(client))

    forgotten: list[weakref.ref[volcv.AsyncClient]] = []
    before = threading.active_count()
    asyncio.run(main())
    gc.collect()
    assert forgotten[0]() is None
    while threading.active_count() > before:
        time.sleep(0.005)


def test_one_client_for_several_loops(good: Emulator, png: bytes) -> None:
    client = volcv.AsyncClient(good.url, KEY)
    for _ in range(3):
        assert asyncio.run(client.outpaint(png, left=0.5)).width == 96
    asyncio.run(client.aclose())
