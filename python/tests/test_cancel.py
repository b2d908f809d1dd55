"""Calls that end early: cancels, Ctrl-C, exceptions, limits, closed clients."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable

import pytest

import volcv
from conftest import KEY, Emulator

Start = Callable[..., Emulator]


def until(job: volcv.Job[volcv.Result], phase: volcv.Phase) -> volcv.Progress:
    """Waits until a job is in this phase."""
    seen = threading.Event()
    while job.progress().phase is not phase:
        seen.wait(0.005)
    return job.progress()


def test_a_cancel_in_mid_upload_costs_nothing(start: Start, large: bytes) -> None:
    emulator = start("stall=20000")
    with volcv.Client(emulator.url, KEY) as client:
        job = client.submit(volcv.Outpaint(large, left=0.5))
        progress = until(job, volcv.Phase.UPLOADING)
        assert progress.sent < progress.send_total and not job.done()
        job.cancel()
        for _ in range(2):
            with pytest.raises(volcv.CancelledError) as raised:
                job.result()
        job.cancel()
        assert job.done()
    assert raised.value.charge is volcv.Charge.NONE and raised.value.delivery is not volcv.Delivery.FULL
    assert emulator.stop() == (0, 0)


def test_a_cancel_after_the_upload_may_have_cost_something(start: Start, png: bytes) -> None:
    emulator = start("stall=body")
    with volcv.Client(emulator.url, KEY) as client:
        job = client.submit(volcv.Outpaint(png, left=0.5))
        until(job, volcv.Phase.WAITING)
        with pytest.raises(TimeoutError):
            job.result(timeout=0.01)
        assert not job.done()
        job.cancel()
        with pytest.raises(volcv.CancelledError) as raised:
            job.result(timeout=30)
    assert raised.value.charge is volcv.Charge.UNKNOWN


def test_ctrl_c_ends_a_call_that_blocks(
    start: Start, png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    emulator = start("stall=body")
    # A process that a script started in the background ignores the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    waiting = threading.Event()

    def progress(now: volcv.Progress) -> None:
        if now.phase is volcv.Phase.WAITING:
            waiting.set()

    def press() -> None:
        waiting.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with volcv.Client(emulator.url, KEY) as client:
        with pytest.raises(KeyboardInterrupt) as raised:
            client.outpaint(png, left=0.5, progress=progress)
        thread.join()
        assert isinstance(raised.value, volcv.Interrupted)
        with pytest.raises(volcv.CancelledError) as cancelled:
            raised.value.job.result()
    assert cancelled.value.charge is volcv.Charge.UNKNOWN
    assert "is or may be charged" in caplog.text


def test_ctrl_c_does_not_lose_a_result(client: volcv.Client, png: bytes) -> None:
    def too_late(now: volcv.Progress) -> None:
        if now.phase is volcv.Phase.ENDED:
            raise KeyboardInterrupt

    with pytest.raises(volcv.Interrupted) as raised:
        client.outpaint(png, left=0.5, progress=too_late)
    assert raised.value.job.result().width == 96


def test_ctrl_c_in_a_wait_leaves_the_job(start: Start, png: bytes) -> None:
    emulator = start("delay=400")
    with volcv.Client(emulator.url, KEY) as client:
        job = client.submit(volcv.Outpaint(png, left=0.5))

        def interrupt(now: volcv.Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            job.result(progress=interrupt)
        assert job.result().width == 96


def test_an_exception_of_the_callback_cancels(start: Start, large: bytes) -> None:
    emulator = start("stall=20000")

    def fail(now: volcv.Progress) -> None:
        if now.phase is volcv.Phase.UPLOADING:
            raise RuntimeError("enough")

    with volcv.Client(emulator.url, KEY) as client, pytest.raises(RuntimeError, match="enough"):
        client.outpaint(large, left=0.5, progress=fail)
    assert emulator.stop() == (0, 0)


def test_a_deadline(start: Start, large: bytes) -> None:
    emulator = start("stall=20000")
    with volcv.Client(emulator.url, KEY) as client, pytest.raises(TimeoutError) as raised:
        client.outpaint(large, left=0.5, deadline=0.2)
    assert isinstance(raised.value, volcv.DeadlineError) and raised.value.charge is volcv.Charge.NONE


def test_a_dropped_job_is_cancelled_with_a_warning(start: Start, large: bytes, png: bytes) -> None:
    emulator = start("stall=20000", "ok")
    with volcv.Client(emulator.url, KEY, max_in_flight=1) as client:
        job = client.submit(volcv.Outpaint(large, left=0.5))
        until(job, volcv.Phase.UPLOADING)
        with pytest.warns(ResourceWarning, match="outpaint was dropped while it ran"):
            del job
            gc.collect()
        # The only worker is free again.
        assert client.outpaint(png, left=0.5).width == 96


def test_a_closed_client(start: Start, png: bytes) -> None:
    emulator = start("ok", "stall=body")
    client = volcv.Client(emulator.url, KEY)
    done = client.submit(volcv.Outpaint(png, left=0.5))
    until(done, volcv.Phase.ENDED)
    running = client.submit(volcv.Outpaint(png, left=0.5))
    until(running, volcv.Phase.WAITING)
    client.close()
    client.close()
    assert done.result().width == 96
    with pytest.raises(volcv.CancelledError) as raised:
        running.result()
    assert raised.value.charge is volcv.Charge.UNKNOWN
    with pytest.raises(volcv.ClosedError):
        client.outpaint(png, left=0.5)
    assert repr(client) == "<volcv.Client (closed)>" and "ended" in repr(running)


def test_a_result_outlives_the_client(good: Emulator, png: bytes) -> None:
    with volcv.Client(good.url, KEY) as client:
        result = client.outpaint(png, left=0.5, keep_original=True)
    del client
    gc.collect()
    assert result.array().shape == (48, 96, 3) and result.encode("jpeg").startswith(b"\xff\xd8")
