"""What callbacks hear while a call runs."""

from __future__ import annotations

from collections.abc import Callable

import volcv
from conftest import KEY, Emulator

ORDER = [volcv.Phase.QUEUED, volcv.Phase.CONNECTING, volcv.Phase.UPLOADING, volcv.Phase.WAITING]
ORDER += [volcv.Phase.DOWNLOADING, volcv.Phase.ENDED]


def test_progress_only_goes_forward(start: Callable[..., Emulator], large: bytes) -> None:
    emulator = start("stall=20000,for=200", "ok")
    heard: list[volcv.Progress] = []
    with volcv.Client(emulator.url, KEY) as client:
        client.outpaint(large, left=0.5, progress=heard.append)
    phases = [ORDER.index(now.phase) for now in heard]
    assert phases == sorted(phases) and heard[-1].phase is volcv.Phase.ENDED
    assert any(now.phase is volcv.Phase.UPLOADING for now in heard)
    for name in ("attempt", "sent", "received"):
        values = [getattr(now, name) for now in heard]
        assert values == sorted(values), name
    last = heard[-1]
    assert last.attempt == 1 and last.sent == last.send_total > len(large) and last.received == last.receive_total > 0
    assert len(heard) == len({id(now) for now in heard}) and all(a != b for a, b in zip(heard, heard[1:]))
