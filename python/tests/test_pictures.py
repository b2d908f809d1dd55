"""Pictures in every form, there and back."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy
import PIL.Image
import pytest

import volcv
from conftest import array, encode


def test_every_form_of_a_picture(client: volcv.Client, png: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    forms: list[volcv.PictureLike] = [
        png, bytearray(png), memoryview(png), path, str(path), io.BytesIO(png), path.open("rb")
    ]
    for form in forms:
        assert client.outpaint(form, left=0.5).width == 96


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 3), (48, 64, 4)], ids=str)
def test_an_array_there_and_back(client: volcv.Client, shape: tuple[int, ...]) -> None:
    source = array(channels=4).reshape(48, 64, 4)[..., : shape[2] if len(shape) == 3 else 1].reshape(shape)
    before = source.copy()
    result = client.outpaint(source, left=0.5, right=0.25)
    grown = result.array()
    assert result.operation is not None and result.operation.exact
    assert grown.dtype == numpy.uint8 and grown.shape[:2] == (48, 112)
    wanted = source.reshape(48, 64, -1)
    inside = grown[:, 32:96]
    if wanted.shape[2] == 4:
        assert numpy.array_equal(inside[..., 3], wanted[..., 3])
    assert numpy.array_equal(inside[..., :3], numpy.broadcast_to(wanted[..., :3], (48, 64, 3)))
    assert numpy.array_equal(source, before)


def test_arrays_that_are_views(client: volcv.Client) -> None:
    source = array(128, 96)[::2, ::-2]
    assert not source.flags["C_CONTIGUOUS"]
    grown = client.outpaint(source, equal=0.5).array()
    assert numpy.array_equal(grown[24:72, 32:96], source)


def test_images_of_pillow(client: volcv.Client) -> None:
    image = PIL.Image.fromarray(array())
    grown = client.outpaint(image, pixels=(8, 0, 0, 0)).array()  # type: ignore[arg-type]
    assert numpy.array_equal(grown[:, 8:], array())
    palette = image.quantize(8)
    grown = client.outpaint(palette, pixels=(8, 0, 0, 0)).array()  # type: ignore[arg-type]
    assert numpy.array_equal(grown[:, 8:], numpy.asarray(palette.convert("RGB")))


def test_results_are_saved_in_every_format(client: volcv.Client, png: bytes, tmp_path: Path) -> None:
    for result in [client.outpaint(png, left=0.5), client.outpaint(png, left=0.5, keep_original=True)]:
        pixels = result.array()
        for name, format in [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.bmp", "BMP"), ("a", "PNG")]:
            result.save(tmp_path / name)
            with PIL.Image.open(tmp_path / name) as image:
                assert (image.format, image.size) == (format, (96, 48))
                if format != "JPEG":
                    assert numpy.array_equal(numpy.asarray(image), pixels)
        file = io.BytesIO()
        result.save(file)
        assert file.getvalue() == result.data
        result.save(str(tmp_path / "b.png"), format="jpeg", quality=50)
        assert (tmp_path / "b.png").read_bytes() == result.encode("jpeg", 50)
    (tmp_path / "service.png").write_bytes(b"")
    result = client.outpaint(png, left=0.5)
    result.save(tmp_path / "service.png")
    assert (tmp_path / "service.png").read_bytes() == result.pictures[0].data


def test_the_marks_of_the_service_are_kept(client: volcv.Client, png: bytes) -> None:
    extra = {"aigc_meta": {"content_producer": "me", "producer_id": "1", "content_propagator": "me", "propagate_id": "2"}}
    result = client.outpaint(png, left=0.5, keep_original=True, extra=extra)
    assert b"AIGC" in result.pictures[0].data
    assert b"AIGC" in result.encode("png")


def test_a_file_that_cannot_be_decoded() -> None:
    from volcv import _pictures

    for file in [b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40), bytes(100), _bomb()]:
        with pytest.raises(volcv.InvalidInputError):
            _pictures.decode(file)


def _bomb() -> bytes:
    """A PNG that says that it is larger than it may be."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def test_decoding_and_encoding_are_exact() -> None:
    from volcv import _pictures

    for channels in (3, 4):
        source = array(channels=channels)
        assert numpy.array_equal(_pictures.decode(encode(source)).array(), source)
