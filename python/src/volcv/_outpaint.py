"""Outpainting: how a picture may grow, and what may be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from volcv import _checks as checks
from volcv._errors import error_of
from volcv._native import Arena, CData, lib, new, text_of
from volcv._pictures import File, Link, Loaded, PictureLike, Pixels, check, load, picture_struct, pixels_struct
from volcv._requests import Returned, common
from volcv._results import Plan

if TYPE_CHECKING:
    from typing_extensions import Unpack

AnchorName = Literal[
    "center", "left", "right", "top", "bottom", "top-left", "top-right", "bottom-left", "bottom-right"
]


class OutpaintOptions(TypedDict, total=False):
    """The keywords of `outpaint()`. One way to grow is given; all else may be left out.

    What is left out is not sent: the service has its own defaults.
    """

    #: Grow by these fractions of the width or height, 0 to 1 each; more with `max_passes`.
    left: float
    right: float
    top: float
    bottom: float
    #: Grow by the same fraction on all four sides.
    equal: float
    #: Grow to an aspect: ``"16:9"`` or ``(16, 9)``.
    aspect: str | tuple[float, float]
    #: Grow by whole pixels: left, top, right, bottom. A whole operation.
    pixels: tuple[int, int, int, int]
    #: Grow to exactly this width and height. A whole operation.
    size: tuple[int, int]
    #: Fill what is white in this mask; the picture has its final size.
    mask: PictureLike

    #: With `size` and `aspect`: where the original lies, by name or as two fractions from 0 (left, top) to 1.
    anchor: AnchorName | tuple[float, float]
    #: With `size`: the column and row of the result in which the original begins.
    position: tuple[int, int]
    #: With `size`: what is done if it is smaller than the picture, which is an error otherwise.
    too_small: Literal["crop", "shrink"]

    #: What the new area should show.
    prompt: str
    #: The field that carries the prompt, where a gateway wants another one than its documentation says.
    prompt_field: Literal["prompt", "custom_prompt", "both"]
    #: The same seed gives the same picture: 0 to 4294967295; -1 lets the service choose.
    seed: int
    #: How closely to follow the prompt, 1 to 20.
    scale: float
    #: How much to change, 0.1 to 1.
    strength: float
    #: Steps of the model, 1 or more.
    steps: int
    #: The result is made to fit into this; the service's own default is 1920. Not in a whole operation.
    max_width: int
    max_height: int
    #: Width and height of the picture, for a link with `aspect`.
    picture_size: tuple[int, int]
    #: The service sends a link. volcv downloads it, unless `download` is False.
    return_url: bool
    download: bool
    #: Makes errors of the warnings about the request.
    strict: bool
    #: More fields of the request, which win over the others.
    extra: Mapping[str, Any]

    #: Paste the original back bit for bit, at its own resolution, and fit the new area to it: a whole operation. That is
    #: so anyway with `pixels`, `size`, several passes and arrays, unless it is False here.
    keep_original: bool
    #: Whole operations: how many calls may be paid for, where one cannot grow so far.
    max_passes: int
    #: Whole operations: what the calls run on.
    ability: Literal["outpainting", "painting-edit"]
    #: Whole operations: the longest side that is sent, 128 to 16384.
    max_side: int
    #: Whole operations: the result has the resolution of the service where the upload was scaled down.
    keep_result: bool
    #: Whole operations: pixels of the original that are sent as if they were new.
    overlap: int
    #: Whole operations: pixels over which the mask fades out inside of the original.
    soft: int
    #: Whole operations: pixels that are painted on the other side of an axis that grows on one, and cut off.
    context: int
    #: Whole operations: pixels of the original that fade into the new area; 0 keeps all of it bit for bit.
    feather: int


ANCHORS: dict[str, tuple[float, float]] = {
    "center": (0.5, 0.5),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "top-left": (0.0, 0.0),
    "top-right": (1.0, 0.0),
    "bottom-left": (0.0, 1.0),
    "bottom-right": (1.0, 1.0),
}
SIDES = ("left", "right", "top", "bottom")
WAYS = "left/right/top/bottom, equal, aspect, pixels, size, mask"
PROMPT_FIELDS = {
    "prompt": lib.VOLCV_PROMPT_PLAIN,
    "custom_prompt": lib.VOLCV_PROMPT_CUSTOM,
    "both": lib.VOLCV_PROMPT_BOTH,
}
ABILITIES = {"outpainting": lib.VOLCV_ABILITY_OUTPAINTING, "painting-edit": lib.VOLCV_ABILITY_PAINTING_EDIT}
TOO_SMALL = {"crop": lib.VOLCV_OUTPAINT_CROP, "shrink": lib.VOLCV_OUTPAINT_SHRINK}
#: What only a whole operation has.
OF_OPERATIONS = ("max_side", "overlap", "soft", "context", "feather", "keep_result")


class Outpaint(Returned):
    """A picture that is to grow. The keywords are those of `OutpaintOptions`."""

    name = "outpaint"

    def __init__(self, picture: PictureLike, **options: Unpack[OutpaintOptions]) -> None:
        checks.refuse_unknown("outpaint", options, OutpaintOptions.__annotations__)
        check("picture", picture)
        self._picture = picture
        self._mask = options.get("mask")
        if self._mask is not None:
            check("mask", self._mask)
        self._options = {name: value for name, value in options.items() if value is not None}
        _Filled(self._options)

    def load(self) -> list[Loaded]:
        pictures = [load("picture", self._picture)]
        return pictures if self._mask is None else [*pictures, load("mask", self._mask)]

    def struct(self, pictures: list[Loaded], arena: Arena, as_task: bool = False) -> CData:
        filled = _Filled(self._options)
        struct = filled.struct
        picture = pictures[0]
        if isinstance(picture, Pixels) and self._mask is None and not as_task:
            filled.is_operation = True
            struct.pixels = pixels_struct(picture, arena)
        else:
            struct.picture = picture_struct("picture", picture, arena)
        if self._mask is not None:
            struct.mask = picture_struct("mask", pictures[1], arena)
        filled.finish(as_task)
        arena.keep(filled.arena)
        return arena.keep(struct)

    def submit(self, client: CData, pictures: list[Loaded], options: CData, job: CData, error: CData) -> int:
        arena = Arena()
        return int(lib.volcv_outpaint_submit(client, self.struct(pictures, arena), options, job, error))


class _Filled:
    """A volcv_outpaint with everything but the pictures. Making one checks all options."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.arena = Arena()
        self.struct = new("volcv_outpaint")
        self.is_operation = False
        self._way()
        self._fields()
        self._operation()

    def finish(self, as_task: bool) -> None:
        """The flags that depend on the picture."""
        struct, options = self.struct, self.options
        if self.is_operation and not as_task:
            struct.flags |= lib.VOLCV_OUTPAINT_PIXELS
            if options.get("keep_original") is False:
                struct.flags |= lib.VOLCV_OUTPAINT_NO_PASTE
        if options.get("download", True) and not as_task:
            struct.flags |= lib.VOLCV_OUTPAINT_DOWNLOAD

    def _way(self) -> None:
        options, struct = self.options, self.struct
        ways = [way for way in ("equal", "aspect", "pixels", "size", "mask") if way in options]
        ways += ["sides"] if any(side in options for side in SIDES) else []
        if len(ways) != 1:
            given = f"{' and '.join(sorted(ways))} are given" if ways else "none is given"
            raise ValueError(f"one way to grow is needed ({WAYS}), but {given}")
        for name, needs in [("position", "size"), ("too_small", "size")]:
            if name in options and needs not in options:
                raise ValueError(f"{name}: only beside {needs}")
        if "anchor" in options and ("position" in options or ways[0] not in ("size", "aspect")):
            raise ValueError("anchor: only beside size or aspect, and not beside position")
        getattr(self, f"_by_{ways[0]}")()
        if "anchor" in options:
            self.is_operation = True
            struct.anchor_x, struct.anchor_y = (2 * part - 1 for part in _anchor(options["anchor"]))

    def _by_sides(self) -> None:
        self.struct.mode = lib.VOLCV_MODE_SIDES
        for side in SIDES:
            setattr(self.struct, side, checks.number(side, self.options.get(side, 0)))

    def _by_equal(self) -> None:
        self.struct.mode = lib.VOLCV_MODE_SIDES
        for side in SIDES:
            setattr(self.struct, side, checks.number("equal", self.options["equal"]))

    def _by_aspect(self) -> None:
        value = self.options["aspect"]
        if isinstance(value, str):
            try:
                value = [float(part) for part in value.split(":")]
            except ValueError:
                raise ValueError(f"aspect: {value!r} is not of the form '16:9'") from None
        width, height = checks.parts("aspect", value, 2, "'16:9' or (16, 9)")
        self.struct.mode = lib.VOLCV_MODE_ASPECT
        self.struct.aspect_width = checks.number("aspect", width)
        self.struct.aspect_height = checks.number("aspect", height)

    def _by_pixels(self) -> None:
        self.is_operation = True
        self.struct.mode = lib.VOLCV_MODE_PIXELS
        sides = checks.parts("pixels", self.options["pixels"], 4, "(left, top, right, bottom)")
        for side, value in zip(("left", "top", "right", "bottom"), sides):
            setattr(self.struct, side, float(checks.whole("pixels", value, 0)))

    def _by_size(self) -> None:
        self.is_operation = True
        struct, options = self.struct, self.options
        struct.mode = lib.VOLCV_MODE_TARGET
        struct.target_width, struct.target_height = _size("size", options["size"])
        if "position" in options:
            struct.mode = lib.VOLCV_MODE_PLACED
            x, y = checks.parts("position", options["position"], 2, "(column, row)")
            struct.x = checks.whole("position", x, -(2**31), 2**31 - 1)
            struct.y = checks.whole("position", y, -(2**31), 2**31 - 1)
        if "too_small" in options:
            struct.flags |= checks.one_of("too_small", options["too_small"], TOO_SMALL)

    def _by_mask(self) -> None:
        self.struct.mode = lib.VOLCV_MODE_CANVAS

    def _fields(self) -> None:
        struct, options = self.struct, self.options
        common(struct, options, self.arena, "OUTPAINT")
        for name in ("max_width", "max_height", "max_side"):
            if name in options:
                setattr(struct, name, checks.whole(name, options[name]))
        for name in ("overlap", "soft", "context", "feather"):
            if name in options:
                setattr(struct, name, checks.whole(name, options[name], 0))
        if "picture_size" in options:
            struct.picture_width, struct.picture_height = _size("picture_size", options["picture_size"])
        if "prompt_field" in options:
            struct.prompt_field = checks.one_of("prompt_field", options["prompt_field"], PROMPT_FIELDS)

    def _operation(self) -> None:
        struct, options = self.struct, self.options
        if "ability" in options:
            struct.ability = checks.one_of("ability", options["ability"], ABILITIES)
        if "max_passes" in options:
            struct.max_passes = checks.whole("max_passes", options["max_passes"])
        if "keep_result" in options and checks.flag("keep_result", options["keep_result"]):
            struct.flags |= lib.VOLCV_OUTPAINT_KEEP_RESULT
        wanted = "keep_original" in options and checks.flag("keep_original", options["keep_original"])
        several = struct.max_passes > 1 or struct.ability != lib.VOLCV_ABILITY_OUTPAINTING
        self.is_operation |= wanted or several or any(name in options for name in OF_OPERATIONS)


def plan(picture: PictureLike | None = None, **options: Unpack[OutpaintOptions]) -> Plan:
    """Says what a whole operation would do and cost. Nothing is sent and nothing has to be paid.

    Without a picture, `picture_size` says its width and height.
    """
    checks.refuse_unknown("plan", options, OutpaintOptions.__annotations__)
    given = {name: value for name, value in options.items() if value is not None}
    width, height = _size("picture_size", given.pop("picture_size")) if "picture_size" in given else (0, 0)
    filled, arena = _Filled(given), Arena()
    struct, out, error = filled.struct, new("volcv_plan_info"), new("volcv_error")
    if picture is not None:
        check("picture", picture)
        loaded = load("picture", picture)
        if isinstance(loaded, Pixels):
            struct.pixels = pixels_struct(loaded, arena)
        elif isinstance(loaded, (File, Link)):
            struct.picture = picture_struct("picture", loaded, arena)
    struct.flags |= lib.VOLCV_OUTPAINT_PIXELS
    if lib.volcv_plan(struct, width, height, out, error) != lib.VOLCV_OK:
        raise error_of(error)
    return Plan(
        calls=int(out.calls),
        size=(out.result_width, out.result_height),
        original=(out.original_x, out.original_y, out.original_width, out.original_height),
        crop=(out.crop_x, out.crop_y, out.crop_width, out.crop_height),
        source=(out.source_width, out.source_height),
        warnings=text_of(out.warnings),
    )


def _anchor(value: object) -> tuple[float, float]:
    if isinstance(value, str):
        checks.one_of("anchor", value, dict.fromkeys(ANCHORS, 0))
        return ANCHORS[value]
    x, y = (checks.number("anchor", part) for part in checks.parts("anchor", value, 2, "a name or two fractions"))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"anchor: ({x}, {y}) is out of range, 0 to 1 each")
    return x, y


def _size(name: str, value: object) -> tuple[int, int]:
    width, height = checks.parts(name, value, 2, "(width, height)")
    return checks.whole(name, width), checks.whole(name, height)


