"""What can be asked for: each request knows its function of C, and what its job gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar

from volcv import _checks as checks
from volcv._native import Arena, CData, ffi, lib, new
from volcv._pictures import Loaded, PictureLike, check, load, picture_struct
from volcv._results import Result
from volcv._tasks import STATES, Task, TaskReport

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from volcv._outpaint import Outpaint

R = TypeVar("R")


class Request(ABC, Generic[R]):
    """What a client can be asked for. It can be used any number of times, by any client and on any thread."""

    #: The name of the client's method.
    name = ""

    def load(self) -> list[Loaded]:
        """Reads the pictures."""
        return []

    @abstractmethod
    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        """Calls the function of C."""

    @abstractmethod
    def read(self, result: Result, status: int | None) -> R:
        """What the job gives."""

    def __repr__(self) -> str:
        return f"<volcv.{type(self).__name__}>"


class Returned(Request[Result]):
    """A request that gives pictures."""

    def read(self, result: Result, status: int | None) -> Result:
        return result


def common(struct: CData, options: Mapping[str, Any], arena: Arena, kind: str) -> None:
    """The fields that an outpainting and an inpainting have alike. `kind` is how the names of its flags begin."""
    for name in ("scale", "strength"):
        if name in options:
            setattr(struct, name, checks.sent_number(name, options[name]))
    if "steps" in options:
        struct.steps = checks.whole("steps", options["steps"])
    if "seed" in options:
        struct.seed = checks.whole("seed", options["seed"], -1)
        struct.flags |= 0 if struct.seed else getattr(lib, f"VOLCV_{kind}_SEED_ZERO")
    if "prompt" in options:
        struct.prompt = arena.text(checks.text("prompt", options["prompt"]))
    if "extra" in options:
        struct.extra_json = arena.text(checks.json_object("extra", options["extra"]))
    for name, flag in [("return_url", "RETURN_LINK"), ("strict", "STRICT")]:
        if name in options and checks.flag(name, options[name]):
            struct.flags |= getattr(lib, f"VOLCV_{kind}_{flag}")
    if "download" in options:
        checks.flag("download", options["download"])


class _MaskOptions(TypedDict, total=False):
    #: The same seed gives the same picture: 0 to 4294967295; -1 lets the service choose.
    seed: int
    #: The service sends a link. volcv downloads it, unless `download` is False.
    return_url: bool
    download: bool
    #: Makes errors of the warnings about the request.
    strict: bool
    #: More fields of the request, which win over the others.
    extra: Mapping[str, Any]


class InpaintOptions(_MaskOptions, total=False):
    """The keywords of `inpaint()`."""

    #: What to paint where the mask is white.
    prompt: str
    #: How closely to follow the prompt.
    scale: float
    #: Steps of the model, 1 or more.
    steps: int


class EraseOptions(_MaskOptions, total=False):
    """The keywords of `erase()`."""

    #: How closely to follow the picture.
    scale: float
    #: How much to change.
    strength: float
    #: Steps of the model, 1 or more.
    steps: int
    #: Pixels by which the mask grows first, up to 4096; for none use ``extra={"dilate_size": 0}``.
    dilate: int
    #: High, medium or low; the service's own is medium.
    quality: Literal["H", "M", "L"]


class PaintingEditOptions(_MaskOptions, total=False):
    """The keywords of `painting_edit()`."""

    #: What to paint where the mask is white.
    prompt: str


QUALITIES = {"H": lib.VOLCV_QUALITY_HIGH, "M": lib.VOLCV_QUALITY_MEDIUM, "L": lib.VOLCV_QUALITY_LOW}


class _Masked(Returned):
    """A picture, and a mask of its size whose white part is painted anew."""

    ability = 0

    def __init__(self, picture: PictureLike, mask: PictureLike, options: Mapping[str, Any], known: Any) -> None:
        checks.refuse_unknown(self.name, options, known.__annotations__)
        check("picture", picture)
        check("mask", mask)
        self._pictures = {"picture": picture, "mask": mask}
        self._options = {name: value for name, value in options.items() if value is not None}
        self._fields(Arena())

    def load(self) -> list[Loaded]:
        return [load(name, picture) for name, picture in self._pictures.items()]

    def struct(self, pictures: list[Loaded], arena: Arena, as_task: bool = False) -> CData:
        struct = self._fields(arena)
        struct.picture = picture_struct("picture", pictures[0], arena)
        struct.mask = picture_struct("mask", pictures[1], arena)
        if self._options.get("download", True) and not as_task:
            struct.flags |= lib.VOLCV_INPAINT_DOWNLOAD
        return struct

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        arena = Arena()
        return int(lib.volcv_inpaint_submit(client, self.struct(pictures, arena), options, job, error))

    def _fields(self, arena: Arena) -> CData:
        options, struct = self._options, arena.keep(new("volcv_inpaint"))
        struct.ability = self.ability
        common(struct, options, arena, "INPAINT")
        if "dilate" in options:
            struct.dilate_size = checks.whole("dilate", options["dilate"], 1, 4096)
        if "quality" in options:
            struct.quality = checks.one_of("quality", options["quality"], QUALITIES)
        return struct


class Inpaint(_Masked):
    """Paints what the prompt says where the mask is white. The keywords are those of `InpaintOptions`."""

    name = "inpaint"
    ability = lib.VOLCV_INPAINT_EDIT

    def __init__(self, picture: PictureLike, mask: PictureLike, **options: Unpack[InpaintOptions]) -> None:
        super().__init__(picture, mask, options, InpaintOptions)


class Erase(_Masked):
    """Removes what is under the white of the mask. The keywords are those of `EraseOptions`."""

    name = "erase"
    ability = lib.VOLCV_INPAINT_ERASE

    def __init__(self, picture: PictureLike, mask: PictureLike, **options: Unpack[EraseOptions]) -> None:
        super().__init__(picture, mask, options, EraseOptions)


class PaintingEdit(_Masked):
    """The successor of outpainting and inpainting, which is a task. The keywords are those of `PaintingEditOptions`."""

    name = "painting_edit"
    ability = lib.VOLCV_PAINTING_EDIT

    def __init__(self, picture: PictureLike, mask: PictureLike, **options: Unpack[PaintingEditOptions]) -> None:
        super().__init__(picture, mask, options, PaintingEditOptions)


class Call(Returned):
    """Any action of the service: the way out for what this package does not have.

    `body` is sent as it is; `pictures` go into it as `binary_data_base64` or, if all are links, as `image_urls`.
    """

    name = "call"

    def __init__(
        self,
        body: Mapping[str, Any],
        *,
        action: str | None = None,
        version: str | None = None,
        pictures: Iterable[PictureLike] = (),
    ) -> None:
        self._body = checks.json_object("body", body)
        self._action = None if action is None else checks.text("action", action)
        self._version = None if version is None else checks.text("version", version)
        if isinstance(pictures, (str, bytes)):
            raise checks.wrong_type("pictures", pictures, "a list of pictures")
        self._pictures = list(pictures)
        for picture in self._pictures:
            check("pictures", picture)

    def load(self) -> list[Loaded]:
        return [load("pictures", picture) for picture in self._pictures]

    def struct(self, pictures: list[Loaded], arena: Arena, as_task: bool = False) -> CData:
        struct = arena.keep(new("volcv_raw"))
        struct.json = arena.text(self._body)
        struct.action, struct.version = arena.text(self._action), arena.text(self._version)
        if pictures:
            array = arena.keep(ffi.new("volcv_picture[]", len(pictures)))
            for index, picture in enumerate(pictures):
                array[index] = picture_struct("pictures", picture, arena)[0]
            struct.pictures, struct.picture_count = array, len(pictures)
        return struct

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        arena = Arena()
        return int(lib.volcv_raw_submit(client, self.struct(pictures, arena), options, job, error))


class Download(Returned):
    """Fetches a picture from a link of a result, which is free. The key is not sent along."""

    name = "download"

    def __init__(self, link: str) -> None:
        self._link = checks.text("link", link)

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        return int(lib.volcv_download_submit(client, self._link, options, job, error))


ACTIONS = {"sync2async": lib.VOLCV_ACTIONS_SYNC2ASYNC, "plain": lib.VOLCV_ACTIONS_PLAIN}


class SubmitTask(Request[Task]):
    """Hands a request in as a task, whose result is asked for later. `actions` is for `Call`."""

    name = "submit_task"

    def __init__(
        self,
        request: Outpaint | Inpaint | Erase | PaintingEdit | Call,
        *,
        actions: Literal["sync2async", "plain"] = "sync2async",
    ) -> None:
        if not callable(getattr(request, "struct", None)):
            raise checks.wrong_type("request", request, "an Outpaint, Inpaint, Erase, PaintingEdit or Call")
        self._request = request
        self._actions = checks.one_of("actions", actions, ACTIONS)

    def load(self) -> list[Loaded]:
        return self._request.load()

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        arena, struct = Arena(), new("volcv_task_request")
        struct.actions = self._actions
        field = {"outpaint": "outpaint", "call": "raw"}.get(self._request.name, "inpaint")
        setattr(struct, field, self._request.struct(pictures, arena, as_task=True))
        return int(lib.volcv_task_submit(client, struct, options, job, error))

    def read(self, result: Result, status: int | None) -> Task:
        if result.task is None:
            raise AssertionError("a job that has submitted a task has one")
        return result.task


class _OfTask(Request[R]):
    def __init__(self, task: Task | str) -> None:
        self._task = checks.text("task", str(task if isinstance(task, Task) else Task(task)))


class WaitTask(_OfTask[Result]):
    """Waits for the result of a task, which this or another process has submitted. A link in it is downloaded."""

    name = "wait_task"

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        options.flags |= lib.VOLCV_JOB_DOWNLOAD
        return int(lib.volcv_task_wait(client, self._task, options, job, error))

    def read(self, result: Result, status: int | None) -> Result:
        return result


class TaskStatus(_OfTask[TaskReport]):
    """Asks once how far a task is."""

    name = "task_status"

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        options.flags |= lib.VOLCV_JOB_DOWNLOAD
        return int(lib.volcv_task_status(client, self._task, options, job, error))

    def read(self, result: Result, status: int | None) -> TaskReport:
        state = STATES[status or 0]
        return TaskReport(state, result if state is state.DONE else None)


class CancelTask(_OfTask[None]):
    """Asks the service to give a task up. What becomes of its charge is not documented."""

    name = "cancel_task"

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        return int(lib.volcv_task_cancel(client, self._task, options, job, error))

    def read(self, result: Result, status: int | None) -> None:
        return None
