"""What a core image of the real daemon would show: the coordinates while somebody is judged, nothing afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from nacl.public import PrivateKey, SealedBox

from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate
from faced.service.hardening import WIPING_ALLOCATOR, wipe_freed_memory
from faced.trust import encoding
from faced.trust.keys import digest, write_key_file
from tests.logon.realm import TestRealm
from tests.rig.memory import found
from tests.service.office import begun, decided
from tests.service.test_logon_daemon import ROOT, Pc, pc

__all__ = ["pc"]

#: Of an encoded template of one sample: version, count, source, spread and day come before the coordinates.
_COORDINATES = 7


@pytest.fixture
def secret_pc(pc: Pc) -> Iterator[Pc]:
    """The same PC in a realm whose keys look like keys."""
    before = pc.authority, pc.directory.bundles["tanaka"]
    pc.authority = TestRealm(predictor=pc.authority.predictor, epoch_private=PrivateKey(digest(b"an epoch")))
    pc.directory.bundles["tanaka"] = pc.authority.bundle("tanaka", pc.template)
    _join(pc)
    yield pc
    pc.authority, pc.directory.bundles["tanaka"] = before
    _join(pc)


def _join(pc: Pc) -> None:
    (pc.folder / "anchor").write_bytes(pc.authority.realm.anchor)
    (pc.folder / "host.keys").unlink()
    write_key_file(pc.folder / "host.keys", pc.authority.host.content())


def secrets_of(pc: Pc) -> dict[str, bytes]:
    """Everything that opens or is tanaka's face, in every form in which the program has it."""
    template = FaceTemplate.decode(pc.template)
    points = template.samples[0].points
    units = np.frombuffer(pc.template, "<i2", offset=_COORDINATES).astype(np.float64)
    template_key = encoding.decode(pc.directory.bundles["tanaka"].template_keys[0])
    assert isinstance(template_key, dict)
    return {
        "coordinates as int16": pc.template[_COORDINATES:],
        "coordinates as float32": points.tobytes(),
        "coordinates as float64": points.astype(np.float64).tobytes(),
        "scaled units": (units / 32767.0).tobytes(),
        "latent vector": template.evidence(Metric.shipped()).latent.tobytes(),
        "data key": SealedBox(pc.authority.epoch_private).decrypt(template_key["sealed"]),
        "epoch key": bytes(pc.authority.epoch_private),
    }


def control(pc: Pc) -> dict[str, bytes]:
    """What is no secret and lies in the same heap for as long as the daemon runs."""
    return {"anchor": pc.authority.realm.anchor}


@contextmanager
def holding(needles: dict[str, bytes]) -> Iterator[int]:
    """Another process that has all of them in its memory; its pid."""
    program = "import sys; held = bytearray(sys.stdin.buffer.read()); print('held', flush=True); sys.stdout.close(); "
    program += "__import__('signal').pause()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"|".join(needles.values()))
        process.stdin.close()
        assert process.stdout.readline() == b"held\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_the_search_finds_what_is_there(secret_pc: Pc) -> None:
    needles = secrets_of(secret_pc)
    with holding(needles) as pid:
        counts = found(pid, needles)
    assert all(counts.values()), counts


def test_an_idle_daemon_has_neither_coordinates_nor_what_opens_them(secret_pc: Pc) -> None:
    pc, needles = secret_pc, secrets_of(secret_pc)
    nothing = dict.fromkeys(needles, 0)
    with pc.faced(pc.folder / "tanaka.avi") as process:
        with pc.client() as client:
            begun(client)
            _until(lambda: found(process.pid, needles)["coordinates as float32"] > 0, "the template to be opened")
            open_now = found(process.pid, needles)
            assert decided(client)["outcome"] == "match"
        _until(lambda: pc.directory.used != [], "the logon to be reported")
        _idle(pc)
        assert found(process.pid, needles) == nothing
        assert all(found(process.pid, control(pc)).values())
    # While somebody is judged the template is there, and the keys that opened it are gone already.
    assert open_now["latent vector"] > 0
    assert (open_now["data key"], open_now["epoch key"], open_now["coordinates as int16"]) == (0, 0, 0)


@pytest.mark.parametrize("camera", ["stranger.avi", "nobody.avi"])
def test_nor_after_somebody_was_refused_or_nobody_came(secret_pc: Pc, camera: str) -> None:
    pc, needles = secret_pc, secrets_of(secret_pc)
    with pc.faced(pc.folder / camera) as process:
        with pc.client() as client:
            assert decided(client)["outcome"] in ("no_match", "no_face")
        with pc.client() as client:
            begun(client)
        _idle(pc)
        assert found(process.pid, needles) == dict.fromkeys(needles, 0)
    for path in (pc.folder / "state").glob("tries-*"):
        path.unlink()


def test_its_memory_is_locked(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi") as process:
        status = Path(f"/proc/{process.pid}/status").read_text()
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.endswith(" kB")}
        with pc.client("status") as client:
            warnings = client.call("io.faced.Status.Get")["warnings"]
    assert sizes["VmLck"] > sizes["VmRSS"] / 2
    assert not any("LimitMEMLOCK" in warning for warning in warnings)


def test_the_units_environment_is_what_the_daemon_would_give_itself() -> None:
    unit = (ROOT / "packaging" / "systemd" / "faced.service").read_text()
    assert all(f"\nEnvironment={name}={value}\n" in unit for name, value in WIPING_ALLOCATOR.items())
    # Where it is so, the program goes on; anywhere else it would not come back from this call.
    wipe_freed_memory(WIPING_ALLOCATOR)


def test_memory_that_cannot_be_locked_is_a_warning_and_no_end(pc: Pc) -> None:
    pc.configure(pc.folder / "tanaka.avi")
    program = "import resource, sys; from faced.service.hardening import lock_memory; "
    program += "resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096)); sys.exit(0 if lock_memory() else 7)"
    done = subprocess.run(
        ["setpriv", "--reuid=12345", "--clear-groups", "--bounding-set=-all", sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 7


def _idle(pc: Pc) -> None:
    """The camera is closed: the last frame was looked at."""

    def closed() -> bool:
        with pc.client("status") as client:
            return bool(client.call("io.faced.Status.Get")["camera_state"] == "idle")

    _until(closed, "the camera to be closed")


def _until(holds: object, what: str) -> None:
    until_s = time.monotonic() + 30
    assert callable(holds)
    while not holds():
        assert time.monotonic() < until_s, f"waited in vain for {what}"
        time.sleep(0.02)
