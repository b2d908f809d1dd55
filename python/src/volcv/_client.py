"""The blocking client and its jobs."""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from volcv._checks import seconds
from volcv._engine import End, Engine
from volcv._errors import Charge, ClosedError, Facts, error_of_code
from volcv._logs import logger
from volcv._native import ffi, lib
from volcv._options import ClientOptions, Setup
from volcv._outpaint import Outpaint, OutpaintOptions
from volcv._pictures import PictureLike
from volcv._progress import Phase, Progress, ProgressCallback, without_job
from volcv._requests import (
    Call,
    CancelTask,
    Download,
    Erase,
    EraseOptions,
    Inpaint,
    InpaintOptions,
    PaintingEdit,
    PaintingEditOptions,
    Request,
    SubmitTask,
    TaskStatus,
    WaitTask,
)
from volcv._results import Result
from volcv._tasks import Task, TaskReport

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

R = TypeVar("R")

#: Python sees Ctrl-C, and progress is looked at, after so many milliseconds.
SLICE_MS = 25

#: How many seconds an interrupted call waits for the end of its job. A cancel takes 50 ms.
GIVE_UP = 1.0


class Job(Generic[R]):
    """A call that was submitted. It can be used on any thread. A job that is dropped while it runs is cancelled."""

    def __init__(self, engine: Engine, id: int, request: Request[R]) -> None:
        self._engine = engine
        self._id = id
        self._request = request
        self._lock = threading.Lock()
        self._end: End[R] | None = None
        self._last: Progress | None = None

    def __repr__(self) -> str:
        return f"<volcv.Job {self._id} {self._request.name}: {self.progress().phase.value}>"

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is None or self._end is not None:
            return
        if not engine.is_closed and not self.done():
            warnings.warn(f"{self._request.name} was dropped while it ran, and is cancelled", ResourceWarning, 2, self)
        engine.release(self._id)

    def result(self, timeout: float | None = None, *, progress: ProgressCallback | None = None) -> R:
        """Waits for the end and gives the result, again and again.

        Raises `VolcvError` if the call failed, and `TimeoutError` after `timeout` seconds: the call goes on then, as it
        does after Ctrl-C. `progress` is called on this thread.
        """
        if not self._wait(timeout, progress):
            raise TimeoutError(f"{self._request.name} has not ended after {timeout} s, and goes on")
        return self._collect().get()

    def cancel(self) -> None:
        """Asks the call to end soon: `result()` then raises `CancelledError`, or gives the result if that was quicker."""
        if self._end is None:
            self._engine.cancel(self._id)

    def done(self) -> bool:
        """Whether it has ended."""
        return self.progress().phase is Phase.ENDED

    def progress(self) -> Progress:
        """Where it stands."""
        found = None if self._end is not None else self._engine.progress(self._id)
        self._last = found or without_job(Phase.ENDED, self._last)
        return self._last

    def task(self) -> Task | None:
        """The task of the call, from the moment the service accepted it; None if there is none. Store it."""
        if self._end is None:
            return self._engine.task(self._id)
        return self._end.task

    def _wait(self, timeout: float | None, progress: ProgressCallback | None) -> bool:
        """Whether it has ended in time."""
        end = None if timeout is None else time.monotonic() + max(0.0, timeout)
        seen: Progress | None = None
        jobs = ffi.new("volcv_job[]", [self._id])
        while True:
            left = SLICE_MS if end is None else max(0, min(SLICE_MS, int((end - time.monotonic()) * 1000) + 1))
            code = lib.VOLCV_OK if self._end else lib.volcv_wait(self._engine.pointer, jobs, 1, 1, left)
            if progress is not None:
                now = self.progress()
                if now != seen:
                    seen = now
                    progress(now)
            if code in (lib.VOLCV_OK, lib.VOLCV_E_STALE):
                return True
            if code not in (lib.VOLCV_E_TIMEOUT, lib.VOLCV_E_INTERRUPTED):
                raise error_of_code(code, "volcv_wait failed")
            if end is not None and time.monotonic() >= end:
                return False

    def _collect(self) -> End[R]:
        """The end of a job that has ended; it is read once."""
        with self._lock:
            if self._end is None:
                self._end = self._engine.collect(self._id, self._request)
            return self._end

    def _give_up(self) -> None:
        """Cancels a call that nobody waits for any more, and reads how it ended."""
        self._engine.cancel(self._id)
        if self._wait(GIVE_UP, None):
            said = self._collect()
            if said.charge is not Charge.NONE:
                logger.warning("an interrupted call is or may be charged: %s", said.error or "it has a result")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a call that blocked. The call was cancelled; nothing that was paid for is lost.

    `job` has ended: its `result()` gives the picture if that was quicker than the cancel, and otherwise raises the error
    whose `charge` says what the call cost.
    """

    def __init__(self, job: Job[Any]) -> None:
        super().__init__("the call was interrupted and cancelled")
        #: What was running.
        self.job = job


class Client:
    """Calls that block. Any thread may use it, many at once.

    For a gateway: ``Client("https://gateway.example", key)``, or the variables `VOLCV_BASE_URL` and `VOLCV_API_KEY`.
    For direct access: ``Client(direct=True)``. The keywords are those of `ClientOptions`.
    """

    def __init__(
        self, base_url: str | None = None, api_key: str | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        self._engine = Engine(Setup(base_url, api_key, options))
        self._jobs: weakref.WeakSet[Job[Any]] = weakref.WeakSet()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<volcv.Client{' (closed)' if self._engine.is_closed else ''}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancels what runs, and ends the client's threads. Jobs keep what they have; results are not affected."""
        with self._lock:
            jobs = [] if self._engine.is_closed else [job for job in self._jobs if job._end is None]
        for job in jobs:
            job.cancel()
        for job in jobs:
            if job._wait(GIVE_UP, None):
                job._collect()
        self._engine.destroy()

    def submit(self, request: Request[R], *, deadline: float | None = None) -> Job[R]:
        """Queues a request, such as ``Outpaint("photo.jpg", left=0.5)``, and returns at once."""
        if not isinstance(request, Request):
            raise TypeError(f"request: a request such as volcv.Outpaint is needed, not {type(request).__name__}")
        if deadline is not None:
            seconds("deadline", deadline)
        pictures = request.load()
        if self._engine.is_closed:
            raise ClosedError("the client is closed", Facts(kind="stale"))
        job = Job(self._engine, self._engine.submit(request, pictures, deadline), request)
        with self._lock:
            self._jobs.add(job)
        return job

    def run(
        self, request: Request[R], *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> R:
        """Submits a request and waits for its result. Ctrl-C cancels it: see `Interrupted`.

        An exception of `progress` cancels the call as well, and comes out of here.
        """
        job = self.submit(request, deadline=deadline)
        try:
            job._wait(None, progress)
        except KeyboardInterrupt:
            job._give_up()
            raise Interrupted(job) from None
        except BaseException:
            job._give_up()
            raise
        return job._collect().get()

    def outpaint(
        self,
        picture: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[OutpaintOptions],
    ) -> Result:
        """Grows a picture. The keywords are those of `OutpaintOptions`; one way to grow is needed."""
        return self.run(Outpaint(picture, **options), progress=progress, deadline=deadline)

    def inpaint(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[InpaintOptions],
    ) -> Result:
        """Paints what the prompt says where the mask is white. The keywords are those of `InpaintOptions`."""
        return self.run(Inpaint(picture, mask, **options), progress=progress, deadline=deadline)

    def erase(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[EraseOptions],
    ) -> Result:
        """Removes what is under the white of the mask. The keywords are those of `EraseOptions`."""
        return self.run(Erase(picture, mask, **options), progress=progress, deadline=deadline)

    def painting_edit(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[PaintingEditOptions],
    ) -> Result:
        """Paints where the mask is white, by the successor of both. The keywords are those of `PaintingEditOptions`."""
        return self.run(PaintingEdit(picture, mask, **options), progress=progress, deadline=deadline)

    def call(
        self,
        body: Mapping[str, Any],
        *,
        action: str | None = None,
        version: str | None = None,
        pictures: Iterable[PictureLike] = (),
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
    ) -> Result:
        """Any action of the service: see `Call`. The reply is `Result.reply`."""
        request = Call(body, action=action, version=version, pictures=pictures)
        return self.run(request, progress=progress, deadline=deadline)

    def download(
        self, link: str, *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> Result:
        """Fetches a picture from a link of a result, which is free."""
        return self.run(Download(link), progress=progress, deadline=deadline)

    def submit_task(
        self,
        request: Outpaint | Inpaint | Erase | PaintingEdit | Call,
        *,
        actions: Literal["sync2async", "plain"] = "sync2async",
        deadline: float | None = None,
    ) -> Task:
        """Hands a request in as a task. Store ``str(task)``: it is as good as paid for."""
        return self.run(SubmitTask(request, actions=actions), deadline=deadline)

    def wait_task(
        self, task: Task | str, *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> Result:
        """Waits for the result of a task, of another process too; an hour, unless `deadline` says how many seconds.

        Asking is free. The task goes on if the wait ends early, and may be waited for again.
        """
        return self.run(WaitTask(task), progress=progress, deadline=deadline)

    def task_status(self, task: Task | str, *, deadline: float | None = None) -> TaskReport:
        """Asks once how far a task is, which is free."""
        return self.run(TaskStatus(task), deadline=deadline)

    def cancel_task(self, task: Task | str, *, deadline: float | None = None) -> None:
        """Asks the service to give a task up. What becomes of its charge is not documented."""
        self.run(CancelTask(task), deadline=deadline)
