"""Pillow as the judge of volcv's pixels, and as the maker of pictures to judge.

pictures.py decode OUT [FILE | icc:FILE | as-stored:FILE]...
    writes OUT/N.rgba for the file number N, counted from 0: width and height as 32-bit little-endian numbers, then the
    upright pixels as RGBA. `icc:` converts the colours to sRGB by the file's profile. It prints a line for each file:
    `ok WIDTH HEIGHT`, or `refused REASON`.
pictures.py make DIR
    makes pictures of every kind that volcv reads, and prints their names.
"""

import io
import random
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

WIDTH, HEIGHT = 67, 45


def rgba(picture):
    """8-bit RGBA. Of 16 bits the upper 8 are taken, which Pillow's own conversion of grey does not."""
    if picture.mode.startswith("I"):
        data = picture.tobytes()
        step, high = (2, 1 if picture.mode != "I;16B" else 0) if ";" in picture.mode else (4, 1)
        picture = Image.frombytes("L", picture.size, data[high::step])
    return picture.convert("RGBA")


def decode(out, names):
    for number, name in enumerate(names):
        kind, _, path = name.rpartition(":")
        try:
            picture = Image.open(path)
            picture.load()
            profile = picture.info.get("icc_profile")
            picture = ImageOps.exif_transpose(picture)
            if kind == "icc":
                source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                srgb = ImageCms.createProfile("sRGB")
                intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
                picture = ImageCms.profileToProfile(rgba(picture).convert("RGB"), source, srgb, intent)
            pixels = rgba(picture)
        except Exception as error:  # Whatever Pillow says, it is its verdict.
            print("refused", repr(error).replace("\n", " "), flush=True)
            continue
        Path(out, f"{number}.rgba").write_bytes(struct.pack("<2I", *pixels.size) + pixels.tobytes())
        print("ok", *pixels.size, flush=True)


def photo(bands):
    """A picture with slopes, edges and grain; the same in each run."""
    dice = random.Random(7)
    data = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            edge = 70 if (x - 30) ** 2 + (y - 20) ** 2 < 150 else 0
            for band in range(bands):
                value = (x * (band + 2) + y * (4 - band)) // 2 + edge + dice.randrange(9)
                data.append(min(value, 255))
    return bytes(data)


def picture(mode):
    return Image.frombytes(mode, (WIDTH, HEIGHT), photo(len(Image.new(mode, (1, 1)).getbands())))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(color, depth, samples, interlaced=False, extra=b"", filter_kind=1):
    """A PNG that Pillow cannot write. `samples` are the bands of each pixel, of `depth` bits each."""
    bands = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    step = max(1, bands * depth // 8)

    def row(y, xs):
        bits = "".join(format(samples[(y * WIDTH + x) * bands + band], f"0{depth}b") for x in xs for band in range(bands))
        bits += "0" * (-len(bits) % 8)
        line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        if filter_kind == 1:
            line = bytes((value - (line[i - step] if i >= step else 0)) & 255 for i, value in enumerate(line))
        return bytes([filter_kind]) + line

    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = []
    for x0, y0, dx, dy in passes:
        xs = range(x0, WIDTH, dx)
        rows += [row(y, xs) for y in range(y0, HEIGHT, dy) if xs]
    header = struct.pack(">2I5B", WIDTH, HEIGHT, depth, color, 0, 0, int(interlaced))
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pngs():
    for color, bands, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
        for depth in depths:
            dice = random.Random(depth)
            samples = [value * 257 + dice.randrange(-99, 99) if depth == 16 else value >> (8 - depth) for value in photo(bands)]
            samples = [max(0, min(value, (1 << depth) - 1)) for value in samples]
            for interlaced in (False, True):
                name = f"color{color}-{depth}bit{'-interlaced' if interlaced else ''}.png"
                yield name, png(color, depth, samples, interlaced)
    for depth in (1, 2, 4, 8):
        count = 1 << depth
        palette = chunk(b"PLTE", bytes((i * 37 + band * 80) % 256 for i in range(count) for band in range(3)))
        alpha = chunk(b"tRNS", bytes(i * 255 // count for i in range(count // 2 + 1)))
        samples = [value % count for value in photo(1)]
        yield f"palette-{depth}bit.png", png(3, depth, samples, False, palette)
        yield f"palette-{depth}bit-interlaced.png", png(3, depth, samples, True, palette)
        yield f"palette-{depth}bit-transparent.png", png(3, depth, samples, False, palette + alpha)
    grey, color = list(photo(1)), list(photo(3))
    yield "grey-key.png", png(0, 8, grey, False, chunk(b"tRNS", struct.pack(">H", grey[40])))
    yield "color-key.png", png(2, 8, color, False, chunk(b"tRNS", struct.pack(">3H", *color[120:123])))


def bmp(bits, rows, top_down=False, masks=None, palette=b""):
    """A BMP with the header of 40 bytes, or of 108 with masks."""
    data = b"".join(row + bytes(-len(row) % 4) for row in (rows if top_down else rows[::-1]))
    size = 108 if masks else 40
    colors = len(palette) // 4
    offset = 14 + size + len(palette)
    compression = 3 if masks else 0
    header = struct.pack("<IiiHHIIiiII", size, WIDTH, -HEIGHT if top_down else HEIGHT, 1, bits, compression, len(data), 2835, 2835, colors, 0)
    if masks:
        header += struct.pack("<4I", *masks) + b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + header + palette + data


def bmps():
    color, grey = photo(3), photo(1)
    lines = [[tuple(color[(y * WIDTH + x) * 3 :][:3]) for x in range(WIDTH)] for y in range(HEIGHT)]
    for top_down in (False, True):
        way = "-top-down" if top_down else ""
        yield f"24bit{way}.bmp", bmp(24, [b"".join(bytes(pixel[::-1]) for pixel in line) for line in lines], top_down)
        yield f"32bit{way}.bmp", bmp(32, [b"".join(bytes((*pixel[::-1], 0)) for pixel in line) for line in lines], top_down)
        for bits in (1, 4, 8):
            count = 1 << bits
            palette = b"".join(bytes(((i * 91) % 256, (i * 53 + 9) % 256, i * 255 // (count - 1), 0)) for i in range(count))
            rows = []
            for y in range(HEIGHT):
                digits = "".join(format(value % count, f"0{bits}b") for value in grey[y * WIDTH :][:WIDTH])
                digits += "0" * (-len(digits) % 8)
                rows.append(bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits), 8)))
            yield f"{bits}bit{way}.bmp", bmp(bits, rows, top_down, None, palette)
    rows = [b"".join(struct.pack("<H", (r >> 3) << 10 | (g >> 3) << 5 | b >> 3) for r, g, b in line) for line in lines]
    yield "555.bmp", bmp(16, rows)
    rows = [b"".join(struct.pack("<H", (r >> 3) << 11 | (g >> 2) << 5 | b >> 3) for r, g, b in line) for line in lines]
    yield "565.bmp", bmp(16, rows, False, (0xF800, 0x7E0, 0x1F, 0))
    rows = [b"".join(bytes((b, g, r, x * 3)) for x, (r, g, b) in enumerate(line)) for line in lines]
    yield "alpha.bmp", bmp(32, rows, False, (0xFF0000, 0xFF00, 0xFF, 0xFF000000))


def saved(source, format, **options):
    file = io.BytesIO()
    source.save(file, format, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def jpegs():
    color = picture("RGB")
    for sampling, name in enumerate(["444", "422", "420"]):
        for progressive in (False, True):
            kind = "progressive" if progressive else "baseline"
            yield f"{kind}-{name}.jpg", saved(color, "JPEG", quality=90, subsampling=sampling, progressive=progressive)
    yield "optimized.jpg", saved(color, "JPEG", quality=75, optimize=True)
    yield "grey.jpg", saved(picture("L"), "JPEG", quality=90)
    yield "grey-progressive.jpg", saved(picture("L"), "JPEG", quality=90, progressive=True)
    yield "cmyk.jpg", saved(picture("CMYK"), "JPEG", quality=95)
    for width, height in [(1, 1), (7, 1), (1, 9), (16, 16), (17, 33)]:
        yield f"tiny-{width}x{height}.jpg", saved(color.resize((width, height)), "JPEG", quality=90)


def oriented():
    for orientation in range(0, 10):
        for mode, format, options in [("RGB", "JPEG", {"quality": 95, "subsampling": 0}), ("RGB", "PNG", {}), ("RGBA", "PNG", {})]:
            source = picture(mode)
            name = f"turned{orientation}-{mode.lower()}.{'jpg' if format == 'JPEG' else 'png'}"
            yield name, saved(source, format, exif=turned(orientation), **options)


def make(folder):
    for pictures in (pngs, bmps, jpegs, oriented):
        for name, data in pictures():
            Path(folder, name).write_bytes(data)
            print(name)


if __name__ == "__main__":
    if sys.argv[1] == "decode":
        decode(sys.argv[2], sys.argv[3:])
    else:
        make(sys.argv[2])
