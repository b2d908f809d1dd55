"""The asyncio client and its jobs. One thread for each client waits for the ends of jobs; the event loop never does."""

from __future__ import annotations

import asyncio
import itertools
import threading
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from volcv._checks import seconds
from volcv._engine import End, Engine
from volcv._errors import Charge, ClosedError, Facts, VolcvError
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

#: Progress is looked at after so many seconds.
SLICE = 0.05

#: How many seconds closing waits for the ends of jobs. A cancel takes 50 ms.
CLOSING = 2.0


class AsyncJob(Generic[R]):
    """A call that was submitted. It belongs to the event loop in which it was."""

    def __init__(self, engine: Engine, request: Request[R], loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._request = request
        self._loop = loop
        self._future: asyncio.Future[End[R]] = loop.create_future()
        self._id = 0
        self._end: End[R] | None = None
        self._abandoned = False
        self._last: Progress | None = None

    def __repr__(self) -> str:
        return f"<volcv.AsyncJob {self._id} {self._request.name}: {self.progress().phase.value}>"

    async def result(self, timeout: float | None = None, *, progress: ProgressCallback | None = None) -> R:
        """Waits for the end and gives the result, again and again.

        Raises `VolcvError` if the call failed, and `TimeoutError` after `timeout` seconds. The call goes on then, and
        when the waiting task is cancelled: `cancel()` ends it. `progress` is called in the event loop.
        """
        end = None if timeout is None else self._loop.time() + timeout
        seen: Progress | None = None
        while not self._future.done():
            left = None if end is None else max(0.0, end - self._loop.time())
            slice = left if progress is None else min(SLICE, SLICE if left is None else left)
            await asyncio.wait({self._future}, timeout=slice)
            if progress is not None:
                now = self.progress()
                if now != seen:
                    seen = now
                    progress(now)
            if end is not None and self._loop.time() >= end and not self._future.done():
                raise TimeoutError(f"{self._request.name} has not ended after {timeout} s, and goes on")
        return self._future.result().get()

    def cancel(self) -> None:
        """Asks the call to end soon: `result()` then raises `CancelledError`, or gives the result if that was quicker."""
        if self._end is None and not self._engine.is_closed:
            self._engine.cancel(self._id)

    def done(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    def progress(self) -> Progress:
        """Where it stands."""
        found = None if self._end is not None or self._id == 0 else self._engine.progress(self._id)
        self._last = found or without_job(Phase.QUEUED if self._id == 0 else Phase.ENDED, self._last)
        return self._last

    def task(self) -> Task | None:
        """The task of the call, from the moment the service accepted it; None if there is none. Store it."""
        return self._end.task if self._end is not None else self._engine.task(self._id)

    def _abandon(self) -> None:
        """Nobody waits for it any more: it is cancelled, and what it cost goes to the log."""
        self._abandoned = True
        if self._id != 0:
            self.cancel()

    def _follow(self) -> None:
        """After the submission: a cancel that came before it had no job to cancel."""
        if self._abandoned:
            self.cancel()

    def _finish(self, end: End[R]) -> None:
        """On the waiting thread."""
        self._end = end
        if self._abandoned and end.charge is not Charge.NONE:
            logger.warning("a cancelled call is or may be charged: %s", end.error or "it has a result, which is dropped")
        try:
            self._loop.call_soon_threadsafe(self._settle, end)
        except RuntimeError:
            # The loop was closed: nobody can wait any more.
            if not self._abandoned and end.charge is not Charge.NONE:
                logger.warning("the event loop of a charged call is closed: %s", end.error or "its result is dropped")

    def _settle(self, end: End[R]) -> None:
        if not self._future.done():
            self._future.set_result(end)


class _Waiter:
    """The thread that learns of the ends of jobs. It lives from the first job to the end of the client."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.jobs: dict[int, AsyncJob[Any]] = {}
        self.changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._thread: threading.Thread | None = None

    def add(self, job: AsyncJob[Any]) -> int:
        """Expects a job; gives the number that its event will have."""
        with self.changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="volcv-asyncio", daemon=True)
                self._thread.start()
            number = next(self._numbers)
            self.jobs[number] = job
            return number

    def remove(self, number: int) -> AsyncJob[Any] | None:
        """Expects a job no more."""
        with self.changed:
            job = self.jobs.pop(number, None)
            self.changed.notify_all()
            return job

    def close(self) -> None:
        """Cancels all jobs, reads their ends, and destroys the client."""
        if self.engine.is_closed:
            return
        with self.changed:
            for job in self.jobs.values():
                job.cancel()
            self.changed.wait_for(lambda: not self.jobs, CLOSING)
        self.engine.destroy()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSING)
        with self.changed:
            left, self.jobs = list(self.jobs.values()), {}
        for job in left:
            closed = ClosedError("the client was closed while the call ran", Facts("shutdown", Charge.UNKNOWN))
            job._finish(End(None, closed, Charge.UNKNOWN, None))

    def _run(self) -> None:
        events = ffi.new("volcv_event[]", 16)
        pointer = self.engine.pointer
        while True:
            code = lib.volcv_wait(pointer, ffi.NULL, 0, 0, lib.VOLCV_WAIT_FOREVER)
            count = lib.volcv_poll(pointer, events, 16)
            for event in events[0:count]:
                self._end(event.user, event.job)
            if count == 0 and code not in (lib.VOLCV_OK, lib.VOLCV_E_INTERRUPTED):
                return

    def _end(self, number: int, id: int) -> None:
        job = self.jobs.get(number)
        if job is None:
            return
        job._id = id
        try:
            end = self.engine.collect(id, job._request)
        except VolcvError as reason:
            end = End(None, reason, Charge.UNKNOWN, None)
        except Exception as reason:
            # Such as a MemoryError. The job is lost, but nobody may wait for ever.
            failure = VolcvError(f"the result could not be read: {type(reason).__name__}", Facts(charge=Charge.UNKNOWN))
            end = End(None, failure, Charge.UNKNOWN, None)
        self.remove(number)
        job._finish(end)


class AsyncClient:
    """Calls for asyncio. Cancelling the task that awaits one cancels the call.

    For a gateway: ``AsyncClient("https://gateway.example", key)``, or the variables `VOLCV_BASE_URL` and
    `VOLCV_API_KEY`. For direct access: ``AsyncClient(direct=True)``. The keywords are those of `ClientOptions`.
    """

    def __init__(
        self, base_url: str | None = None, api_key: str | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        self._waiter = _Waiter(Engine(Setup(base_url, api_key, options)))
        self._finalizer = weakref.finalize(self, _Waiter.close, self._waiter)

    def __repr__(self) -> str:
        return f"<volcv.AsyncClient{' (closed)' if self._waiter.engine.is_closed else ''}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancels what runs, and ends the client's threads. Jobs keep what they have; results are not affected."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._finalizer))

    async def submit(self, request: Request[R], *, deadline: float | None = None) -> AsyncJob[R]:
        """Queues a request, such as ``Outpaint("photo.jpg", left=0.5)``. Its pictures are read on another thread."""
        if not isinstance(request, Request):
            raise TypeError(f"request: a request such as volcv.Outpaint is needed, not {type(request).__name__}")
        if deadline is not None:
            seconds("deadline", deadline)
        loop, engine = asyncio.get_running_loop(), self._waiter.engine
        job = AsyncJob(engine, request, loop)
        number = self._waiter.add(job)

        def submit() -> None:
            try:
                if job._abandoned:
                    raise ClosedError("the call was cancelled before it was submitted", Facts("cancelled"))
                pictures = request.load()
                if engine.is_closed:
                    raise ClosedError("the client is closed", Facts("stale"))
                id = engine.submit(request, pictures, deadline, number)
            except BaseException:
                self._waiter.remove(number)
                raise
            if job._end is None:
                job._id = id
            job._follow()

        submitted = loop.run_in_executor(None, submit)
        try:
            await asyncio.shield(submitted)
        except asyncio.CancelledError:
            job._abandon()
            submitted.add_done_callback(lambda future: future.exception())
            raise
        return job

    async def run(
        self, request: Request[R], *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> R:
        """Submits a request and waits for its result. When the waiting task is cancelled, so is the call.

        What a cancelled call cost is logged as a warning; `submit()` is for those who want its result all the same.
        """
        job = await self.submit(request, deadline=deadline)
        try:
            return await job.result(progress=progress)
        except BaseException:
            if not job.done():
                job._abandon()
            raise

    async def outpaint(
        self,
        picture: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[OutpaintOptions],
    ) -> Result:
        """Grows a picture. The keywords are those of `OutpaintOptions`; one way to grow is needed."""
        return await self.run(Outpaint(picture, **options), progress=progress, deadline=deadline)

    async def inpaint(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[InpaintOptions],
    ) -> Result:
        """Paints what the prompt says where the mask is white. The keywords are those of `InpaintOptions`."""
        return await self.run(Inpaint(picture, mask, **options), progress=progress, deadline=deadline)

    async def erase(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[EraseOptions],
    ) -> Result:
        """Removes what is under the white of the mask. The keywords are those of `EraseOptions`."""
        return await self.run(Erase(picture, mask, **options), progress=progress, deadline=deadline)

    async def painting_edit(
        self,
        picture: PictureLike,
        mask: PictureLike,
        *,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
        **options: Unpack[PaintingEditOptions],
    ) -> Result:
        """Paints where the mask is white, by the successor of both. The keywords are those of `PaintingEditOptions`."""
        return await self.run(PaintingEdit(picture, mask, **options), progress=progress, deadline=deadline)

    async def call(
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
        return await self.run(request, progress=progress, deadline=deadline)

    async def download(
        self, link: str, *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> Result:
        """Fetches a picture from a link of a result, which is free."""
        return await self.run(Download(link), progress=progress, deadline=deadline)

    async def submit_task(
        self,
        request: Outpaint | Inpaint | Erase | PaintingEdit | Call,
        *,
        actions: Literal["sync2async", "plain"] = "sync2async",
        deadline: float | None = None,
    ) -> Task:
        """Hands a request in as a task. Store ``str(task)``: it is as good as paid for."""
        return await self.run(SubmitTask(request, actions=actions), deadline=deadline)

    async def wait_task(
        self, task: Task | str, *, progress: ProgressCallback | None = None, deadline: float | None = None
    ) -> Result:
        """Waits for the result of a task, of another process too; an hour, unless `deadline` says how many seconds.

        Asking is free. The task goes on if the wait ends early, and may be waited for again.
        """
        return await self.run(WaitTask(task), progress=progress, deadline=deadline)

    async def task_status(self, task: Task | str, *, deadline: float | None = None) -> TaskReport:
        """Asks once how far a task is, which is free."""
        return await self.run(TaskStatus(task), deadline=deadline)

    async def cancel_task(self, task: Task | str, *, deadline: float | None = None) -> None:
        """Asks the service to give a task up. What becomes of its charge is not documented."""
        await self.run(CancelTask(task), deadline=deadline)
