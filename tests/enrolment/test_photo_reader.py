"""Photos through the real worker: dummies' portraits good and bad, and files that were made to do harm."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from faced.dummy import Identity, Pose, Worn, encode_jpeg, id_photo
from faced.enrolment.photo import LIMITS, decode_photo
from faced.enrolment.photo_answer import ANSWER_BYTES, Answer
from faced.enrolment.photo_reader import PhotoReader, PhotoResult
from faced.errors import PredictorError
from faced.landmarks.observe import observe_photo
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason

pillow_heif.register_heif_opener()


@pytest.fixture(scope="module")
def reader() -> Iterator[PhotoReader]:
    with PhotoReader(None, workers=2) as reader:
        yield reader


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return encode_jpeg(id_photo(Identity(3)))


@pytest.fixture(scope="module")
def slow() -> bytes:
    """A picture whose reading takes half a second."""
    noise = np.random.default_rng(1).integers(0, 255, (500, 7000, 3), np.uint8)
    return encode_jpeg(np.tile(noise, (10, 1, 1)), quality=40)


def look(reader: PhotoReader, photo: bytes | Path) -> PhotoResult:
    (result,) = reader.read([("photo", photo)])
    return result


def refused(reader: PhotoReader, photo: bytes | Path) -> str:
    result = look(reader, photo)
    assert result.refusal is not None
    return result.refusal.reason


def png(width: int, height: int, depth: int = 8, colour: int = 2, rows: int | None = None) -> bytes:
    """A black PNG of any size; a few kB, for zeros compress well."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = 1 + width * depth // 8 * {0: 1, 2: 3}[colour]
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(row)) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def processes(of: int) -> list[int]:
    """The children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, NotADirectoryError):
            continue
        if entry.name.isdigit() and int(fields[1]) == of and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def nursery() -> int:
    """The worker program of the reader that was started last."""
    return max(
        child for child in processes(os.getpid()) if b"photo_worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


def test_the_worker_sees_what_this_process_would_see(reader: PhotoReader, portrait: bytes) -> None:
    predictor = Predictor.load()
    result = look(reader, portrait)
    here = observe_photo(predictor, decode_photo(portrait)).observation
    assert result.refusal is None
    assert result.observation is not None
    assert here is not None
    assert np.array_equal(result.observation.points, here.points)
    assert (result.observation.spread, result.observation.yaw_deg) == (here.spread, here.yaw_deg)
    assert (result.observation.box, result.observation.calls) == (here.box, here.calls)
    assert reader.predictor_id == predictor.id


def test_results_come_in_the_order_of_the_photos(reader: PhotoReader, portrait: bytes, tmp_path: Path) -> None:
    large = encode_jpeg(np.full((4000, 5000, 3), 90, np.uint8))
    photos = [("large", large), ("bad", b"text"), ("good", portrait), ("absent", tmp_path / "absent.jpg")]
    results = list(reader.read(photos * 3))
    assert [result.name for result in results] == ["large", "bad", "good", "absent"] * 3
    assert [result.refusal.reason if result.refusal else None for result in results[:4]] == [
        "no_face",
        "photo_format",
        None,
        "photo_unreadable",
    ]


def test_only_a_few_photos_are_opened_ahead(reader: PhotoReader, portrait: bytes) -> None:
    opened = 0

    def photos() -> Iterator[tuple[str, bytes]]:
        nonlocal opened
        for number in range(50):
            opened += 1
            yield str(number), portrait

    results = reader.read(photos())
    next(results)
    assert opened <= 6
    results.close()  # type: ignore[attr-defined]
    assert look(reader, portrait).refusal is None


def test_a_refused_face_keeps_its_observation_and_says_by_how_much(reader: PhotoReader) -> None:
    result = look(reader, encode_jpeg(id_photo(Identity(3), pose=Pose(yaw_deg=22, distance_cm=160))))
    assert result.refusal is not None
    assert result.observation is not None
    assert result.refusal.reason == "turned_left"
    assert f"{int(np.ceil(-result.observation.yaw_deg))} degrees to its left" in str(result.refusal)


def test_a_heic_portrait_is_read(reader: PhotoReader) -> None:
    file = io.BytesIO()
    Image.fromarray(id_photo(Identity(3))[..., ::-1]).save(file, "HEIF", quality=90)
    assert look(reader, file.getvalue()).refusal is None


def test_a_mask_is_refused_and_named(reader: PhotoReader) -> None:
    result = look(reader, encode_jpeg(id_photo(Identity(3), worn=Worn(mask=True))))
    assert result.refusal is not None
    assert "mask" in str(result.refusal)


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (b"", "photo_empty"),
        (b"\xff\xd8\xff", "photo_damaged"),
        (b"GIF89a" + bytes(50), "photo_format"),
        (png(30_000, 30_000, rows=2000), "photo_too_many_pixels"),
        (png(6_000, 6_000, rows=3), "photo_damaged"),
        (png(64, 64), "photo_too_small"),
    ],
    ids=["empty", "three-bytes", "gif", "30000x30000", "claims-more-than-it-holds", "stamp"],
)
def test_what_is_no_photo_is_refused(reader: PhotoReader, photo: bytes, reason: str) -> None:
    assert refused(reader, photo) == reason


def test_a_picture_of_too_many_pixels_is_told_its_size(reader: PhotoReader) -> None:
    refusal = look(reader, png(30_000, 30_000, rows=2000)).refusal
    assert "30000 x 30000 pixels, more than 40 megapixels" in str(refusal)


@pytest.mark.parametrize("photo", [png(6_300, 6_300), png(6_300, 6_300, depth=16)], ids=["colour", "16-bit"])
def test_the_largest_picture_that_is_admitted_fits_into_a_workers_memory(reader: PhotoReader, photo: bytes) -> None:
    assert len(photo) < 1_000_000
    assert refused(reader, photo) == "too_dark"


def test_pipes_folders_and_unreadable_files_are_refused_at_once(reader: PhotoReader, tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe.jpg", tmp_path / "folder.jpg"
    os.mkfifo(pipe)
    folder.mkdir()
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(LIMITS.most_bytes + 1)
    link = tmp_path / "link.jpg"
    link.symlink_to("link.jpg")
    assert [refused(reader, path) for path in (pipe, folder, Path("/dev/zero"), link, large)] == [
        *["photo_unreadable"] * 4,
        "photo_too_large",
    ]


def test_a_predictor_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "predictor.dat"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(PredictorError, match=r"predictor\.dat is not a dlib shape predictor"), PhotoReader(path):
        pass


def test_a_photo_that_kills_its_reader_is_refused_and_the_others_go_on(portrait: bytes, slow: bytes) -> None:
    """As if a decoder had crashed: the process that looks at the first photo gets a signal."""
    with PhotoReader(None, workers=1) as reader:
        home = nursery()

        def crash() -> None:
            while not (children := processes(home)):
                time.sleep(0.001)
            os.kill(children[0], signal.SIGSEGV)

        killer = threading.Thread(target=crash)
        killer.start()
        first, second = reader.read([("hostile", slow), ("good", portrait)])
        killer.join()
        assert first.refusal is not None
        assert (first.refusal.reason, first.observation) == ("photo_hostile", None)
        assert second.refusal is None


def test_a_photo_that_hangs_its_reader_is_refused_and_the_others_go_on(portrait: bytes, slow: bytes) -> None:
    with PhotoReader(None, workers=1, most_wall_s=3.0) as reader:
        home = nursery()

        def hang() -> None:
            while not (children := processes(home)):
                time.sleep(0.001)
            os.kill(children[0], signal.SIGSTOP)

        stopper = threading.Thread(target=hang)
        stopper.start()
        first, second = reader.read([("hostile", slow), ("good", portrait)])
        stopper.join()
        assert first.refusal is not None
        assert first.refusal.reason == "photo_hostile"
        assert second.refusal is None


def test_a_worker_that_is_killed_is_started_again(portrait: bytes) -> None:
    with PhotoReader(None, workers=1) as reader:
        results = reader.read((str(number), portrait) for number in range(6))
        assert next(results).refusal is None
        os.kill(nursery(), signal.SIGKILL)
        assert [result.refusal for result in results] == [None] * 5


def test_nothing_of_the_worker_remains(portrait: bytes) -> None:
    before = processes(os.getpid())
    with PhotoReader(None) as reader:
        next(reader.read((str(number), portrait) for number in range(9)))
        home = nursery()
    assert processes(os.getpid()) == before
    assert not Path(f"/proc/{home}").exists()


def test_the_worker_inherits_neither_environment_nor_files(
    portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACED_PASSPHRASE_FILE", "/secret/passphrase")
    with (tmp_path / "key").open("wb") as key, PhotoReader(None, workers=1) as reader:
        os.set_inheritable(key.fileno(), True)
        assert look(reader, portrait).refusal is None
        home = nursery()
        assert b"passphrase" not in Path(f"/proc/{home}/environ").read_bytes()
        opened = {os.readlink(entry) for entry in Path(f"/proc/{home}/fd").iterdir()}
        assert not any(str(tmp_path) in name for name in opened)


def observed() -> Answer:
    report = observe_photo(Predictor.load(), id_photo(Identity(3)))
    return Answer(reason=Reason.TILTED, observation=report.observation)


def test_an_answer_survives_its_journey() -> None:
    answer = observed()
    assert Answer.decode(answer.encode()).encode() == answer.encode()
    assert len(answer.encode()) == ANSWER_BYTES


def test_a_lying_answer_is_not_believed() -> None:
    good = observed().encode()
    head = struct.calcsize("<BBBHII")
    lies = {
        "short": good[:-1],
        "long": good + b"\0",
        "unknown verdict": b"\x07" + good[1:],
        "unknown gate": good[:1] + b"\xff" + good[2:],
        "usable without a face": b"\x02\0\0" + good[3:],
        "a fault with a face": b"\0" + good[1:],
        "spread of none": good[:head] + struct.pack("<d", float("nan")) + good[head + 8 :],
        "negative spread": good[:head] + struct.pack("<d", -1.0) + good[head + 8 :],
        "points of none": good[:-4] + struct.pack("<f", float("nan")),
        "points afar": good[:-4] + struct.pack("<f", 1e9),
        "all points in one place": good[: ANSWER_BYTES - 544] + bytes(544),
        "no calls": good[:3] + b"\0\0" + good[5:],
    }
    for lie, data in lies.items():
        with pytest.raises(ValueError, match="answer|numbers|unknown"):
            Answer.decode(data)
            pytest.fail(lie)


def test_the_decoders_message_does_not_reach_the_terminal(
    reader: PhotoReader, portrait: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = bytearray(portrait)
    at = len(broken) * 3 // 4
    broken[at : at + 40] = bytes(40)
    look(reader, bytes(broken))
    assert capfd.readouterr() == ("", "")
