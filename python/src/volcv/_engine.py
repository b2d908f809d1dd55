"""A client of C: how it is made, what is submitted to it, and how the ends of jobs are read."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Generic, TypeVar

from volcv._errors import CHARGES, Charge, VolcvError, error_of, error_of_code
from volcv._logs import Log
from volcv._native import CData, ffi, lib, milliseconds_of, new, take, text_of
from volcv._options import Setup
from volcv._pictures import CHANNELS, Loaded, Pixels
from volcv._progress import Progress, progress_of
from volcv._requests import Request
from volcv._results import Operation, Picture, Result, reply_of
from volcv._tasks import Task

R = TypeVar("R")

FORMATS = {
    lib.VOLCV_FORMAT_PNG: "png",
    lib.VOLCV_FORMAT_JPEG: "jpeg",
    lib.VOLCV_FORMAT_WEBP: "webp",
    lib.VOLCV_FORMAT_BMP: "bmp",
    lib.VOLCV_FORMAT_GIF: "gif",
    lib.VOLCV_FORMAT_TIFF: "tiff",
    lib.VOLCV_FORMAT_HEIF: "heif",
}

#: How long closing a client may take. It ends within 50 ms, unless a hook does not return.
CLOSING_MS = 10_000


@dataclass(frozen=True)
class End(Generic[R]):
    """How a job ended: with a value or an error."""

    value: R | None
    error: VolcvError | None
    #: Whether money was spent.
    charge: Charge
    #: The task of the job, if it was one.
    task: Task | None

    def get(self) -> R:
        """The value. A new traceback each time, so that an error can be raised on several threads."""
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self.value  # type: ignore[return-value]


class Engine:
    """A client of C, which is destroyed with this object or at the end of the process."""

    def __init__(self, setup: Setup) -> None:
        out, error, log = ffi.new("volcv_client **"), new("volcv_error"), Log()
        log.start(setup.struct)
        if lib.volcv_client_create(lib.VOLCV_ABI_VERSION, setup.struct, out, error) != lib.VOLCV_OK:
            log.stop()
            raise error_of(error)
        self.pointer = out[0]
        # The callbacks have to live until the client is destroyed.
        self._finalizer = weakref.finalize(self, _destroy, self.pointer, log, setup.callbacks)

    def destroy(self) -> None:
        """Cancels what runs and joins the threads. Can be called twice."""
        self._finalizer()

    @property
    def is_closed(self) -> bool:
        """Whether it was destroyed."""
        return not self._finalizer.alive

    def submit(
        self, request: Request[R], pictures: list[Loaded], deadline: float | None, user: int = 0
    ) -> int:
        """Queues a job; gives its id."""
        options, job, error = new("volcv_job_options"), ffi.new("volcv_job *"), new("volcv_error")
        options.user = user
        options.deadline_ms = 0 if deadline is None else milliseconds_of(deadline)
        if request.submit(self.pointer, pictures, options, job, error) != lib.VOLCV_OK:
            raise error_of(error)
        return int(job[0])

    def cancel(self, job: int) -> None:
        """Asks a job to end soon. One that is gone stays as it is."""
        self._check(lib.volcv_job_cancel(self.pointer, job), lib.VOLCV_E_STALE)

    def release(self, job: int) -> None:
        """Gives a job back in any state."""
        lib.volcv_job_release(self.pointer, job)

    def progress(self, job: int) -> Progress | None:
        """Where a job stands; None if it is gone."""
        struct = new("volcv_progress")
        code = lib.volcv_job_progress(self.pointer, job, struct)
        self._check(code, lib.VOLCV_E_STALE)
        return None if code == lib.VOLCV_E_STALE else progress_of(struct)

    def task(self, job: int) -> Task | None:
        """The task of a job, as soon as the service has accepted it."""
        out = ffi.new("const char **")
        code = lib.volcv_job_task(self.pointer, job, out, ffi.NULL)
        return Task(text_of(out[0])) if code == lib.VOLCV_OK else None

    def collect(self, job: int, request: Request[R]) -> End[R]:
        """Reads how a job ended, and gives it back."""
        try:
            error = new("volcv_error")
            self._check(lib.volcv_job_error(self.pointer, job, error))
            if error.code != lib.VOLCV_OK:
                links = tuple(link for link in self._links(job) if link)
                task = self.task(job)
                failure = error_of(error, task=task, rejected=self._rejected(job), links=links)
                return End(None, failure, failure.charge, task)
            result = self._result(job, error)
            return End(request.read(result, self._status(job)), None, result.charge, result.task)
        finally:
            self.release(job)

    def _result(self, job: int, error: CData) -> Result:
        links = self._links(job)
        pictures = tuple(self._picture(job, index) for index, link in enumerate(links) if not link)
        text = ffi.new("const char **")
        lib.volcv_job_reply(self.pointer, job, text, ffi.NULL)
        reply = reply_of(text_of(text[0]))
        found = reply.get("request_id")
        pixels, operation = self._pixels(job)
        return Result(
            pictures=pictures,
            pixels=pixels,
            operation=operation,
            links=tuple(link for link in links if link),
            reply=reply,
            warnings=text_of(error.message),
            charge=CHARGES[error.charge],
            attempts=int(error.attempts),
            request_id=text_of(error.request_id) or (found if isinstance(found, str) else None),
            task=self.task(job),
            rejected=self._rejected(job),
        )

    def _links(self, job: int) -> list[str]:
        """The link of each picture; empty for one that is bytes."""
        count, link = ffi.new("uint32_t *"), ffi.new("const char **")
        lib.volcv_job_image_count(self.pointer, job, count)
        links = []
        for index in range(count[0]):
            lib.volcv_job_image_link(self.pointer, job, index, link)
            links.append(text_of(link[0]))
        return links

    def _picture(self, job: int, index: int) -> Picture:
        info, buffer = new("volcv_image_info"), ffi.new("volcv_buffer *")
        self._check(lib.volcv_job_image_info(self.pointer, job, index, info))
        self._check(lib.volcv_job_image_take(self.pointer, job, index, buffer))
        return Picture(take(buffer), FORMATS.get(info.format, "unknown"), int(info.width), int(info.height))

    def _rejected(self, job: int) -> tuple[bytes, ...]:
        count, pictures = ffi.new("uint32_t *"), []
        lib.volcv_job_rejected_count(self.pointer, job, count)
        for index in range(count[0]):
            buffer = ffi.new("volcv_buffer *")
            self._check(lib.volcv_job_rejected_take(self.pointer, job, index, buffer))
            pictures.append(take(buffer))
        return tuple(pictures)

    def _pixels(self, job: int) -> tuple[Pixels | None, Operation | None]:
        info = new("volcv_pixels_info")
        if lib.volcv_job_pixels_info(self.pointer, job, 0, info) != lib.VOLCV_OK:
            return None, None
        into = new("volcv_pixels")
        into.format = lib.VOLCV_PIXEL_RGBA8 if info.has_alpha else lib.VOLCV_PIXEL_RGB8
        into.width, into.height = info.width, info.height
        memory = bytearray(info.width * info.height * CHANNELS[into.format])
        view = ffi.from_buffer(memory)
        into.data, into.size = view, len(memory)
        self._check(lib.volcv_job_pixels(self.pointer, job, 0, into))
        operation = Operation(
            passes=int(info.passes),
            charges=int(info.charges),
            exact=bool(info.exact),
            recognised=bool(info.recognised),
            offset=(info.offset_x, info.offset_y),
            ncc=float(info.ncc),
            seam_before=float(info.seam_before),
            seam_after=float(info.seam_after),
            scale=float(info.scale),
        )
        return Pixels(memory, info.width, info.height, CHANNELS[into.format]), operation

    def _status(self, job: int) -> int | None:
        out = ffi.new("uint32_t *")
        code = lib.volcv_job_task_status(self.pointer, job, out)
        return int(out[0]) if code == lib.VOLCV_OK else None

    def _check(self, code: int, *allowed: int) -> None:
        if code != lib.VOLCV_OK and code not in allowed:
            raise error_of_code(code, "the client is closed")


def _destroy(pointer: CData, log: Log, callbacks: object) -> None:
    if lib.volcv_client_destroy(pointer, CLOSING_MS) == lib.VOLCV_E_REENTRANT:
        # Python collects garbage on any thread, also on one of the library's that is inside a callback.
        threading.Thread(target=_destroy, args=(pointer, log, callbacks), name="volcv-destroy").start()
        return
    log.stop()


