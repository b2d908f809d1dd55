"""Calls that succeed, and calls that fail: what came of them, and what they cost."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

import volcv
from conftest import ACCESS_KEY, KEY, SECRET_KEY, Emulator, array, encode

Start = Callable[..., Emulator]


def test_a_picture_grows(client: volcv.Client, png: bytes) -> None:
    result = client.outpaint(png, left=0.5, right=0.5, prompt="a lake", seed=0)
    assert (result.width, result.height, result.format) == (128, 48, "png")
    assert result.charge is volcv.Charge.CHARGED and result.attempts == 1 and result.warnings == ""
    assert result.request_id and result.reply["code"] == 10000
    assert bytes(result) == result.data == result.pictures[0].data
    assert result.pixels is None and result.operation is None and result.task is None


@pytest.mark.parametrize(
    ("way", "size"),
    [
        ({"equal": 0.25}, (96, 72)),
        ({"aspect": "2:1"}, (96, 48)),
        ({"aspect": (2, 1)}, (96, 48)),
        ({"pixels": (10, 0, 6, 2)}, (80, 50)),
        ({"size": (100, 60)}, (100, 60)),
        ({"size": (100, 60), "anchor": "top-left"}, (100, 60)),
        ({"size": (100, 60), "position": (3, 4)}, (100, 60)),
        ({"size": (32, 60), "too_small": "crop"}, (32, 60)),
        ({"aspect": "2:1", "anchor": (0, 0.5)}, (96, 48)),
        ({"left": 1.5, "max_passes": 2}, (160, 48)),
        ({"equal": 0.25, "keep_original": True}, (96, 72)),
        ({"equal": 0.25, "ability": "painting-edit", "prompt": "snow"}, (96, 72)),
    ],
    ids=str,
)
def test_the_ways_to_grow(
    client: volcv.Client, png: bytes, way: volcv.OutpaintOptions, size: tuple[int, int]
) -> None:
    result = client.outpaint(png, **way)
    assert (result.width, result.height) == size
    if result.pixels is not None:
        assert result.operation is not None
        assert result.operation.exact and result.operation.recognised
        assert result.operation.charges == result.operation.passes == len(result.pictures)


def test_a_mask_is_filled(client: volcv.Client, png: bytes) -> None:
    mask = array(channels=1)[:, :, 0] * 0
    mask[:, 40:] = 255
    for result in [
        client.outpaint(png, mask=mask),
        client.inpaint(png, mask, prompt="snow", scale=5),
        client.erase(png, encode(mask), quality="H", dilate=3),
        client.painting_edit(png, mask > 0, prompt="snow"),
    ]:
        assert (result.width, result.height) == (64, 48)


def test_any_action_and_links(client: volcv.Client, png: bytes) -> None:
    body = {"req_key": "i2i_outpainting", "left": 0.5, "right": 0.5, "top": 0, "bottom": 0, "return_url": True}
    result = client.call(body, pictures=[png])
    assert result.pictures == () and len(result.links) == 1
    with pytest.raises(ValueError, match="links"):
        result.data
    assert client.download(result.links[0]).width == 128
    assert client.outpaint(png, equal=0.5, return_url=True).width == 128
    assert client.outpaint(png, equal=0.5, return_url=True, download=False).links


def test_direct_access(good: Emulator, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with volcv.Client(good.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY) as client:
        assert client.outpaint(png, equal=0.5).width == 128
    asked = []

    def provider() -> volcv.Credentials:
        asked.append(1)
        return volcv.Credentials(ACCESS_KEY, SECRET_KEY)

    with volcv.Client(good.url, credentials=provider) as client:
        assert client.outpaint(png, equal=0.5).width == 128
        assert client.outpaint(png, equal=0.5).width == 128
    assert asked == [1]

    def failing() -> volcv.Credentials:
        raise OSError(f"no vault for {SECRET_KEY}")

    with volcv.Client(good.url, credentials=failing) as client:
        with pytest.raises(volcv.VolcvError, match="OSError") as failure:
            client.outpaint(png, equal=0.5)
    assert SECRET_KEY not in str(failure.value) and failure.value.charge is volcv.Charge.NONE


def test_tasks(client: volcv.Client, png: bytes) -> None:
    task = client.submit_task(volcv.Outpaint(png, left=0.5))
    line = str(task)
    assert volcv.Task(line) == task and task.id in line
    report = client.task_status(line)
    assert report.state is volcv.TaskState.DONE and report.result is not None and report.result.width == 96
    assert client.wait_task(line).width == 96
    assert client.wait_task(client.submit_task(volcv.Erase(png, png, quality="L"))).width == 64
    body = volcv.Call({"req_key": "i2i_outpainting", "left": 0.5, "right": 0.5, "top": 0, "bottom": 0}, pictures=[png])
    assert client.wait_task(client.submit_task(body, actions="plain")).width == 128
    job = client.submit(volcv.PaintingEdit(png, png, prompt="snow"))
    assert job.result().task == job.task() is not None


def test_a_task_is_waited_for_again(start: Start, png: bytes) -> None:
    emulator = start(options=("--task-polls", "1000,0"))
    with volcv.Client(emulator.url, KEY, poll_interval=0.05) as client:
        task = client.submit_task(volcv.Outpaint(png, left=0.5))
        with pytest.raises(volcv.VolcvError) as failure:
            client.wait_task(task, deadline=0.3)
        assert failure.value.task == task
        assert client.task_status(task).state is volcv.TaskState.IN_QUEUE
        client.cancel_task(task)
        assert client.task_status(task).state is volcv.TaskState.NOT_FOUND


def test_throttled_then_success(start: Start, png: bytes) -> None:
    emulator = start("code=50429", "code=50430")
    with volcv.Client(emulator.url, KEY) as client:
        result = client.outpaint(png, equal=0.5)
    assert result.attempts == 3 and result.charge is volcv.Charge.CHARGED
    assert emulator.stop()[0] == 3


@pytest.mark.parametrize(
    ("fault", "error", "kind", "charge", "retryable"),
    [
        ("close=body", volcv.OutcomeUnknownError, "outcome_unknown", volcv.Charge.UNKNOWN, False),
        ("status=500", volcv.ServiceError, "service", volcv.Charge.UNKNOWN, False),
        ("code=50412", volcv.RefusedError, "refused", volcv.Charge.NONE, False),
        ("code=50400", volcv.AuthError, "auth", volcv.Charge.NONE, False),
        ("body=gateway-quota,status=403", volcv.QuotaError, "quota", volcv.Charge.NONE, False),
        ("body=no-picture", volcv.DecodeError, "decode", volcv.Charge.CHARGED, False),
    ],
)
def test_failures_say_what_they_cost(
    start: Start,
    png: bytes,
    fault: str,
    error: type[volcv.VolcvError],
    kind: str,
    charge: volcv.Charge,
    retryable: bool,
) -> None:
    emulator = start(fault)
    with volcv.Client(emulator.url, KEY) as client:
        with pytest.raises(error) as raised:
            client.outpaint(png, equal=0.5)
        failure = raised.value
        assert client.outpaint(png, equal=0.5).width == 128
    assert type(failure) is error
    assert (failure.kind, failure.charge, failure.retryable, failure.attempts) == (kind, charge, retryable, 1)
    assert failure.delivery is volcv.Delivery.FULL
    again = pickle.loads(pickle.dumps(failure))
    assert type(again) is error and again.facts == failure.facts and str(again) == str(failure)
    assert emulator.stop()[0] == 2


def test_a_rejected_picture_is_handed_over(start: Start, png: bytes) -> None:
    emulator = start("body=cut-picture")
    with volcv.Client(emulator.url, KEY) as client, pytest.raises(volcv.DecodeError) as raised:
        client.outpaint(png, equal=0.5)
    assert len(raised.value.rejected) == 1 and raised.value.rejected[0].startswith(b"\x89PNG")
    assert raised.value.charge is volcv.Charge.CHARGED


def test_a_throttle_that_stays(start: Start, png: bytes) -> None:
    emulator = start("code=50429,retry-after=3600")
    with volcv.Client(emulator.url, KEY) as client, pytest.raises(volcv.ThrottledError) as raised:
        client.outpaint(png, equal=0.5, deadline=20)
    assert raised.value.retryable and raised.value.retry_after == 3600 and raised.value.service_code == 50429


def test_no_server(png: bytes) -> None:
    with volcv.Client("http://127.0.0.1:9", KEY, max_attempts=1) as client:
        with pytest.raises(ConnectionError) as raised:
            client.outpaint(png, equal=0.5)
    assert isinstance(raised.value, volcv.ConnectError)
    assert raised.value.charge is volcv.Charge.NONE and raised.value.retryable


def test_plans_cost_nothing(png: bytes) -> None:
    plan = volcv.plan(png, size=(128, 96), anchor="left")
    assert (plan.calls, plan.size, plan.original) == (1, (128, 96), (0, 24, 64, 48))
    assert volcv.plan(picture_size=(1024, 768), aspect="16:9").source == (1024, 768)
    with pytest.raises(volcv.InvalidInputError, match="max_passes"):
        volcv.plan(picture_size=(100, 100), size=(1000, 100))


def test_a_full_queue(start: Start, png: bytes) -> None:
    emulator = start("stall=body")
    with volcv.Client(emulator.url, KEY, max_in_flight=1, max_queued=1) as client:
        jobs = []
        with pytest.raises(volcv.BusyError) as raised:
            for _ in range(4):
                jobs.append(client.submit(volcv.Outpaint(png, equal=0.5)))
        assert raised.value.charge is volcv.Charge.NONE
        assert len(jobs) >= 1
