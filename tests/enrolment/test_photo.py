from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from faced.enrolment import heic
from faced.enrolment.photo import PhotoLimits, decode_photo, read_photo
from faced.errors import PhotoRefused

pillow_heif.register_heif_opener()


def picture(height: int = 160, width: int = 120) -> NDArray[np.uint8]:
    """A dark picture with a bright upper left quarter."""
    image = np.full((height, width, 3), 40, np.uint8)
    image[: height // 2, : width // 2] = 220
    return image


def encoded(image: NDArray[np.uint8], kind: str = ".jpg", *options: int) -> bytes:
    return bytes(cv2.imencode(kind, image, list(options))[1].tobytes())


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """What Pillow makes of a picture; it writes kinds that OpenCV does not."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def bright_corner_of(image: NDArray[np.uint8]) -> tuple[int, int]:
    corners = {(y, x): int(image[y * 5 if y else 5, x * 5 if x else 5, 0]) for y in (0, -1) for x in (0, -1)}
    return max(corners, key=lambda corner: corners[corner])


def claiming(jpeg: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(PhotoRefused) as refusal:
        decode_photo(data, PhotoLimits(**limits))
    return refusal.value.reason


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_whole_picture_is_decoded_to_its_size(kind: str) -> None:
    assert decode_photo(encoded(picture(), kind)).shape == (160, 120, 3)


def test_a_progressive_jpeg_with_restart_markers_is_decoded() -> None:
    data = encoded(picture(), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)
    assert decode_photo(data).shape == (160, 120, 3)


def test_a_grey_picture_becomes_three_channels() -> None:
    assert decode_photo(encoded(picture()[..., :1])).shape == (160, 120, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
@pytest.mark.parametrize(
    ("orientation", "bright_corner"),
    list(enumerate([(0, 0), (0, -1), (-1, -1), (-1, 0)] * 2, start=1)),
)
def test_a_picture_is_turned_as_its_file_says(kind: str, orientation: int, bright_corner: tuple[int, int]) -> None:
    entry = Image.Exif()
    entry[0x0112] = orientation
    image = decode_photo(saved(Image.fromarray(picture()), kind, exif=entry.tobytes()))
    assert image.shape[:2] == ((160, 120) if orientation <= 4 else (120, 160))
    assert bright_corner_of(image) == bright_corner


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("L", "HEIF"), ("RGBA", "HEIF")]
)
def test_every_kind_of_colour_becomes_three_channels(mode: str, kind: str) -> None:
    image = decode_photo(saved(Image.fromarray(picture()).convert(mode), kind))
    assert image.shape == (160, 120, 3)
    assert bright_corner_of(image) == (0, 0)


def test_sixteen_bits_become_eight() -> None:
    deep = picture()[..., 0].astype(np.uint16) * 257
    image = decode_photo(saved(Image.fromarray(deep), "PNG"))
    assert (int(image.min()), int(image.max())) == (40, 220)


@pytest.mark.parametrize("kind", ["PNG", "MPO", "HEIF"])
def test_of_several_pictures_in_one_file_the_first_is_taken(kind: str) -> None:
    black = Image.new("RGB", (120, 160))
    image = decode_photo(saved(Image.fromarray(picture()), kind, save_all=True, append_images=[black]))
    assert bright_corner_of(image) == (0, 0)


def test_a_heic_picture_keeps_its_colours() -> None:
    red = Image.new("RGB", (120, 160), (200, 30, 30))
    blue, _green, strong = decode_photo(saved(red, "HEIF", quality=95))[80, 60]
    assert strong > 150
    assert blue < 80


def test_without_the_addition_a_heic_picture_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.fromarray(picture()), "HEIF")
    heic._decoder.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    try:
        with pytest.raises(PhotoRefused, match="Save the photo as JPEG") as refusal:
            decode_photo(data)
    finally:
        heic._decoder.cache_clear()
    assert refusal.value.reason == "photo_no_heic"


def test_a_heic_header_of_a_hundred_megapixels_is_refused_before_it_is_decoded() -> None:
    data = saved(Image.fromarray(picture()), "HEIF")
    at = data.index(b"ispe") + 8
    assert refused(data[:at] + struct.pack(">II", 10_000, 10_000) + data[at + 8 :]) == "photo_too_many_pixels"


def test_a_heic_header_that_understates_does_not_help() -> None:
    data = saved(Image.fromarray(picture(400, 300)), "HEIF")
    at = data.index(b"ispe") + 8
    assert refused(data[:at] + struct.pack(">II", 150, 200) + data[at + 8 :]) == "photo_damaged"


def test_avif_and_films_are_no_photos() -> None:
    for brand in (b"avif", b"isom", b"hevc"):
        assert refused(struct.pack(">I", 20) + b"ftyp" + brand + bytes(4) + b"mif1" + bytes(100)) == "photo_format"


@pytest.mark.parametrize("kind", [".jpg", ".png", ".heic"])
def test_a_file_cut_anywhere_is_refused_as_damaged(kind: str) -> None:
    data = saved(Image.fromarray(picture()), "HEIF") if kind == ".heic" else encoded(picture(), kind)
    for length in range(len(data) // 50 + 4, len(data), 7):
        assert refused(data[:length]) in ("photo_damaged", "photo_format")


def test_a_jpeg_cut_within_its_picture_and_closed_by_a_thumbnails_end_is_refused() -> None:
    data = encoded(picture())
    thumbnail = data[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + data[2 : len(data) // 2]
    assert refused(thumbnail) == "photo_damaged"


def test_a_changed_png_is_refused() -> None:
    data = bytearray(encoded(picture(), ".png"))
    data[len(data) // 2] ^= 1
    assert refused(bytes(data)) == "photo_damaged"


def test_a_jpeg_header_of_a_hundred_megapixels_is_refused_before_it_is_decoded() -> None:
    assert refused(claiming(encoded(picture()), 10_000, 10_000)) == "photo_too_many_pixels"


def test_a_png_header_of_four_thousand_megapixels_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )
    assert refused(bomb) == "photo_too_many_pixels"


def test_a_second_frame_header_cannot_overrule_the_first() -> None:
    data = encoded(picture())
    at = data.index(b"\xff\xc0")
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    huge = claiming(data, 10_000, 10_000)
    assert refused(data[: at + 2 + length] + huge[at : at + 2 + length] + data[at + 2 + length :]) == "photo_damaged"


@pytest.mark.parametrize(
    "data",
    [b"GIF89a" + bytes(100), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF\0\0\0\0WEBPVP8 ", bytes(500)],
    ids=["gif", "svg", "webp", "zeros"],
)
def test_what_is_not_jpeg_or_png_is_refused_by_kind(data: bytes) -> None:
    assert refused(data) == "photo_format"


def test_nothing_is_refused_as_empty() -> None:
    assert refused(b"") == "photo_empty"


def test_a_stamp_sized_picture_is_refused() -> None:
    assert refused(encoded(picture(64, 48))) == "photo_too_small"


def test_more_bytes_than_the_limit_are_neither_read_nor_decoded(tmp_path: Path) -> None:
    data = encoded(picture())
    path = tmp_path / "large.jpg"
    path.write_bytes(data)
    assert refused(data, most_bytes=len(data) - 1) == "photo_too_large"
    with pytest.raises(PhotoRefused) as refusal:
        read_photo(path, PhotoLimits(most_bytes=len(data) - 1))
    assert refusal.value.reason == "photo_too_large"
    assert read_photo(path, PhotoLimits(most_bytes=len(data))) == data


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PhotoRefused, match=r"absent\.jpg"):
        read_photo(tmp_path / "absent.jpg")
