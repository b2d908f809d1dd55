"""What a call gives: files, pixels, and what is known about both."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from volcv._checks import whole, wrong_type
from volcv._errors import Charge
from volcv._pictures import FORMATS, Pixels, decode, encode
from volcv._tasks import Task

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".bmp": "bmp"}


@dataclass(frozen=True)
class Picture:
    """A file as the service made it."""

    data: bytes = field(repr=False)
    #: ``"png"``, ``"jpeg"``, ``"webp"``, ``"bmp"``, ``"gif"``, ``"tiff"``, ``"heif"`` or ``"unknown"``.
    format: str
    #: Pixels; 0 if the header of the file does not say it.
    width: int
    height: int


@dataclass(frozen=True)
class Operation:
    """What became of the original in a whole operation: the numbers of its last call."""

    #: Calls that were made.
    passes: int
    #: Attempts of these calls that were billed.
    charges: int
    #: Every pixel of the original is in the result, bit for bit.
    exact: bool
    #: The service's picture shows the original where it should be. If not, look at the result.
    recognised: bool
    #: How far the content of the service's picture lay to the right of its place, and below. It was moved back.
    offset: tuple[int, int]
    #: How alike the two are along the edges of the original, -1 to 1.
    ncc: float
    #: The visible step along the edges of the original if it were pasted as it came, in levels of 0 to 255.
    seam_before: float
    #: The same in the result.
    seam_after: float
    #: The width of the service's picture, by that of the result.
    scale: float


@dataclass(frozen=True)
class Result:
    """What a call gives. It holds its bytes itself, and outlives the client."""

    #: The files of the service. Those of a whole operation are one for each call.
    pictures: tuple[Picture, ...]
    #: The finished pixels of a whole operation.
    pixels: Pixels | None
    #: What became of the original in a whole operation.
    operation: Operation | None
    #: Links to pictures that were asked for as links and not downloaded. They are valid for about 24 hours.
    links: tuple[str, ...]
    #: The service's reply, with empty texts for its pictures; that of `call()` is as it came.
    reply: dict[str, Any] = field(repr=False)
    #: What was odd about the reply; empty for nearly every call.
    warnings: str
    charge: Charge
    #: Attempts that were made.
    attempts: int
    #: What the service's support asks for.
    request_id: str | None
    #: The task, if the call was one.
    task: Task | None
    #: Pictures beside the good one that failed a check.
    rejected: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def picture(self) -> Picture:
        """The first file of the service."""
        if not self.pictures:
            raise ValueError("the result has no picture" + (", but links: see .links" if self.links else ""))
        return self.pictures[0]

    @property
    def width(self) -> int:
        """The width of the result in pixels."""
        return self.pixels.width if self.pixels is not None else self.picture.width

    @property
    def height(self) -> int:
        """The height of the result in pixels."""
        return self.pixels.height if self.pixels is not None else self.picture.height

    @property
    def format(self) -> str:
        """The format of `data`."""
        return "png" if self.pixels is not None else self.picture.format

    @cached_property
    def data(self) -> bytes:
        """The result as a file: that of the service byte for byte, or a PNG of the pixels of a whole operation."""
        return self.encode("png") if self.pixels is not None else self.picture.data

    def __bytes__(self) -> bytes:
        return self.data

    def encode(self, format: str = "png", quality: int | None = None) -> bytes:
        """The result as a ``"png"``, ``"jpeg"`` or ``"bmp"`` file.

        The marks of origin that the service wrote into its file, such as AIGC labels, are kept as far as the format
        can carry them. `quality` is that of a JPEG, 1 to 100; 95 if it is not given.
        """
        if not isinstance(format, str):
            raise wrong_type("format", format, "a str")
        name = {"jpg": "jpeg"}.get(format.lower(), format.lower())
        if name not in FORMATS:
            raise ValueError(f"format: {format!r} is not one of {', '.join(map(repr, FORMATS))}")
        if quality is not None:
            whole("quality", quality, 1, 100)
            if name != "jpeg":
                raise ValueError("quality: only a JPEG has one")
        pixels = self.pixels if self.pixels is not None else decode(self.picture.data)
        return encode(pixels, name, quality, self.pictures[-1].data if self.pictures else None)

    def save(
        self, file: str | os.PathLike[str] | BinaryIO, format: str | None = None, quality: int | None = None
    ) -> None:
        """Writes the result to a path or an open file.

        The file of the service is written byte for byte, unless `format`, or the ending of the path, names another
        format: then it is encoded anew, as by `encode()`.
        """
        path = Path(file) if isinstance(file, (str, os.PathLike)) else None
        if path is None and not callable(getattr(file, "write", None)):
            raise wrong_type("file", file, "a path or a file that is open for writing bytes")
        if format is None and path is not None:
            format = ENDINGS.get(path.suffix.lower())
        again = quality is not None or (format is not None and {"jpg": "jpeg"}.get(format, format) != self.format)
        data = self.encode(format or self.format, quality) if again else self.data
        if path is not None:
            path.write_bytes(data)
        else:
            file.write(data)  # type: ignore[union-attr]

    def array(self) -> NDArray[numpy.uint8]:
        """The pixels as an array of the shape (height, width, 3), or 4 where a pixel is not opaque; upright, in sRGB."""
        return (self.pixels if self.pixels is not None else decode(self.picture.data)).array()


@dataclass(frozen=True)
class Plan:
    """What a whole operation would do and cost."""

    #: Calls that are paid for.
    calls: int
    #: Width and height of the result.
    size: tuple[int, int]
    #: Where the original lies in the result: left, top, width, height.
    original: tuple[int, int, int, int]
    #: The part of the source that is used: left, top, width, height.
    crop: tuple[int, int, int, int]
    #: Width and height of the upright source.
    source: tuple[int, int]
    #: Why the service may refuse a call or spoil its result, in sentences; empty if there is no reason.
    warnings: str


def reply_of(text: str) -> dict[str, Any]:
    """The reply as an object. What is none, because a gateway sent something odd beside a good picture, is empty."""
    try:
        reply = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}
