"""Where a call stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from volcv._native import CData


class Phase(str, Enum):
    """What a call is doing."""

    #: It waits for its turn.
    QUEUED = "queued"
    #: Resolving, connecting, shaking hands.
    CONNECTING = "connecting"
    #: The request is on its way.
    UPLOADING = "uploading"
    #: The service works on the picture; silence is normal.
    WAITING = "waiting"
    #: The reply has begun.
    DOWNLOADING = "downloading"
    #: Waiting before the next attempt.
    BACKOFF = "backoff"
    #: It has ended.
    ENDED = "ended"
    #: The task waits in the service's queue, or is worked on.
    TASK = "task"


# In the order of VOLCV_PHASE_*, which a test compares.
PHASES = tuple(Phase)


@dataclass(frozen=True)
class Progress:
    """Where a call stands. The bytes are those of the current attempt."""

    phase: Phase
    #: The number of the attempt, from 1; 0 before the first.
    attempt: int
    #: Bytes of the request that were delivered.
    sent: int
    #: Bytes of the whole request; 0 before the first attempt.
    send_total: int
    #: Bytes of the reply that came.
    received: int
    #: Bytes of the whole reply; 0 if the service did not announce them.
    receive_total: int


#: Called with each new state, on the thread (or in the event loop) that waits for the call.
ProgressCallback = Callable[[Progress], object]


def progress_of(struct: CData) -> Progress:
    """The state that a volcv_progress holds."""
    return Progress(
        phase=PHASES[struct.phase],
        attempt=int(struct.attempt),
        sent=int(struct.sent),
        send_total=int(struct.send_total),
        received=int(struct.received),
        receive_total=int(struct.receive_total),
    )


def without_job(phase: Phase, last: Progress | None) -> Progress:
    """Where a call stands that the library has not yet, or not any more; `last` is what it said last."""
    return Progress(phase, *((last.attempt, last.sent, last.send_total) if last else (0, 0, 0)), 0, 0)
