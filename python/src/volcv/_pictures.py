"""Pictures that are given: files, bytes, links, and pixels in arrays."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Union

from volcv._checks import text, wrong_type
from volcv._errors import error_of
from volcv._native import Arena, CData, ffi, lib, new, take

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


class Readable(Protocol):
    """A file that is open for reading bytes."""

    def read(self) -> bytes: ...


#: A path or a link (``str``), bytes, an open file, an array of NumPy or an image of Pillow.
PictureLike = Union[
    str, "os.PathLike[str]", bytes, bytearray, memoryview, Readable, "NDArray[numpy.uint8]", "NDArray[numpy.bool_]"
]

ALLOWED = "a path, a link, bytes, an open file or an array of uint8"
FORMATS = {"png": lib.VOLCV_FORMAT_PNG, "jpeg": lib.VOLCV_FORMAT_JPEG, "bmp": lib.VOLCV_FORMAT_BMP}
PIXEL_FORMATS = {1: lib.VOLCV_PIXEL_GRAY8, 3: lib.VOLCV_PIXEL_RGB8, 4: lib.VOLCV_PIXEL_RGBA8}
CHANNELS = {number: channels for channels, number in PIXEL_FORMATS.items()}


@dataclass(frozen=True)
class Link:
    """A link that the service, or volcv, fetches."""

    url: bytes


@dataclass(frozen=True)
class File:
    """The bytes of an encoded picture."""

    data: bytes | bytearray | memoryview


@dataclass(frozen=True, repr=False)
class Pixels:
    """Pixels: rows without gaps from the top down, each value one byte, in sRGB. `channels` is 1, 3 or 4."""

    data: bytes | bytearray | memoryview
    width: int
    height: int
    channels: int

    def __repr__(self) -> str:
        return f"Pixels({self.width}x{self.height}, channels={self.channels})"

    def array(self) -> NDArray[numpy.uint8]:
        """An array of the shape (height, width, channels), which shares the memory of the pixels."""
        try:
            import numpy
        except ImportError:
            raise ImportError("an array needs NumPy: pip install volcv[numpy]") from None
        return numpy.frombuffer(self.data, numpy.uint8).reshape(self.height, self.width, self.channels)


Loaded = Union[Link, File, Pixels]


def check(name: str, picture: object) -> None:
    """Refuses what is no picture by its type; nothing is read."""
    kinds = (str, os.PathLike, bytes, bytearray, memoryview)
    if isinstance(picture, str):
        text(name, picture)
    elif _is_of("numpy", "ndarray", picture):
        _check_array(name, picture)
    elif not (isinstance(picture, kinds) or callable(getattr(picture, "read", None)) or _is_pillow(picture)):
        raise wrong_type(name, picture, ALLOWED)


def load(name: str, picture: Any) -> Loaded:
    """Reads a picture, from the disk if it has to."""
    if _is_pillow(picture):
        return _of_pillow(picture)
    if _is_of("numpy", "ndarray", picture):
        return _of_array(name, picture)
    if isinstance(picture, str) and picture.startswith(("http://", "https://")):
        return Link(text(name, picture))
    if isinstance(picture, (str, os.PathLike)):
        return _filled(name, Path(picture).read_bytes())
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return _filled(name, picture)
    data = picture.read()
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise wrong_type(name, data, "a file that is open for reading bytes (mode 'rb')")
    return _filled(name, data)


def _filled(name: str, data: bytes | bytearray | memoryview) -> File:
    if isinstance(data, memoryview):
        data = data.tobytes()
    if not data:
        raise ValueError(f"{name}: the picture is empty")
    return File(data)


def _is_of(module: str, kind: str, picture: object) -> bool:
    """Whether it is of a class of a package that nobody has to have."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(picture, getattr(loaded, kind, ()))


def _is_pillow(picture: object) -> bool:
    return _is_of("PIL.Image", "Image", picture)


def _of_pillow(image: Any) -> Pixels:
    channels = {"L": 1, "RGB": 3, "RGBA": 4}
    if image.mode not in channels:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return Pixels(image.tobytes(), image.width, image.height, channels[image.mode])


def _check_array(name: str, array: Any) -> None:
    if array.dtype not in ("uint8", "bool"):
        raise wrong_type(name, array, f"an array of uint8, not of {array.dtype},")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in PIXEL_FORMATS):
        raise ValueError(f"{name}: an array of the shape {array.shape}; (height, width) or (height, width, 1, 3 or 4)")
    if array.size == 0:
        raise ValueError(f"{name}: the picture is empty, its shape is {array.shape}")


def _of_array(name: str, array: Any) -> Pixels:
    _check_array(name, array)
    if array.dtype == "bool":
        array = array.astype("uint8") * 255
    channels = 1 if array.ndim == 2 else array.shape[2]
    return Pixels(array.tobytes(), array.shape[1], array.shape[0], channels)


def picture_struct(name: str, loaded: Loaded, arena: Arena) -> CData:
    """A volcv_picture. Pixels become a PNG."""
    struct = arena.keep(new("volcv_picture"))
    if isinstance(loaded, Link):
        struct.link = arena.text(loaded.url)
        return struct
    data = encode(loaded, "png") if isinstance(loaded, Pixels) else loaded.data
    struct.data = arena.bytes(data)
    struct.size = len(data)
    return struct


def pixels_struct(pixels: Pixels, arena: Arena) -> CData:
    """A volcv_pixels over the memory of the pixels."""
    struct = arena.keep(new("volcv_pixels"))
    struct.format = PIXEL_FORMATS[pixels.channels]
    struct.width, struct.height = pixels.width, pixels.height
    struct.data = arena.bytes(pixels.data)
    struct.size = len(pixels.data)
    return struct


def encode(pixels: Pixels, format: str, quality: int | None = None, marks: bytes | None = None) -> bytes:
    """A file of pixels, with the marks of origin of another file."""
    arena, error, out = Arena(), new("volcv_error"), ffi.new("volcv_buffer *")
    origin = ffi.NULL if marks is None else picture_struct("marks", File(marks), arena)
    struct = pixels_struct(pixels, arena)
    if lib.volcv_encode(struct, origin, FORMATS[format], quality or 0, out, error) != lib.VOLCV_OK:
        raise error_of(error)
    return take(out)


def decode(file: bytes) -> Pixels:
    """The pixels of a PNG, JPEG or BMP, upright and in sRGB."""
    arena, error = Arena(), new("volcv_error")
    pixels, out = new("volcv_pixels"), ffi.new("volcv_buffer *")
    if lib.volcv_decode(picture_struct("file", File(file), arena), pixels, out, error) != lib.VOLCV_OK:
        raise error_of(error)
    return Pixels(take(out), pixels.width, pixels.height, CHANNELS[pixels.format])
