"""faced without a camera, dlib or NSS: everything else is real, in one thread, behind its real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faced.camera.base import Camera, CameraInfo, Frame
from faced.config import EmergencyConfig, LivenessConfig, LogonConfig
from faced.errors import CameraUnavailable
from faced.i18n import set_language
from faced.landmarks.observe import FrameReport
from faced.landmarks.quality import Reason
from faced.liveness.judge import LivenessVerdict
from faced.logon.emergency import Emergency, EmergencyMemory
from faced.logon.judge import Bench
from faced.logon.lockout import Lockout, Moment
from faced.logon.names import Person
from faced.logon.other_factor import OtherFactors
from faced.logon.purpose_watch import PurposeWatch
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import Policy
from faced.records.audit import AuditError, AuditEvent, Pseudonyms
from faced.service.camera_thread import CameraThread
from faced.service.desk import Desk, Surroundings
from faced.service.directory_link import DirectoryLink
from faced.service.interface import Interface
from faced.service.logon_methods import LogonMethods
from faced.service.lookup import NameLookup
from faced.service.loop import Loop
from faced.service.notify import bind_listener
from faced.service.reporting import Reporter
from faced.service.server import Server
from faced.service.varlink import Client
from tests.logon.faces import METRIC, POINT, face, template
from tests.logon.realm import TestRealm
from tests.logon.theatre import ToldLiveness, frame
from tests.service.directory_double import DirectoryDouble

LOGON = "io.faced.Logon"
NONCE = "00112233445566778899aabbccddeeff"
TANAKA, SUZUKI = 2001, 2002
#: Short deadlines, so that no test waits; the state machine's own tests have the real ones.
CONFIG = LogonConfig(begin_timeout_s=0.6, warm_up_s=0.1, no_face_timeout_s=0.8, attempt_timeout_s=1.2)


class Scene(Camera):
    """What is before the lens: a person (a seed), a reason why nobody can be judged, or a fault."""

    def __init__(self) -> None:
        self.shows: int | Reason | CameraUnavailable = 1
        self.hangs = threading.Event()
        self.hangs.set()
        self.is_open = False
        self.opened = 0

    @property
    def info(self) -> CameraInfo:
        return CameraInfo("clip", "scene", "", "", True)

    def open(self) -> None:
        if isinstance(self.shows, CameraUnavailable):
            raise self.shows
        if not self.is_open:
            self.opened += 1
        self.is_open = True

    def read(self) -> Frame:
        self.hangs.wait(5)
        time.sleep(0.01)
        if isinstance(self.shows, CameraUnavailable):
            raise self.shows
        return Frame(np.zeros((1, 1, 3), np.uint8), time.monotonic(), 0)

    def close(self) -> None:
        self.is_open = False

    def reset(self) -> None:
        """As an observer: a new sitting."""

    def observe(self, image: NDArray[np.uint8], timestamp_s: float) -> FrameReport:
        if isinstance(self.shows, Reason):
            return frame(timestamp_s, self.shows, track=0)
        seed = self.shows if isinstance(self.shows, int) else 0
        report = frame(timestamp_s, None, track=seed)
        assert report.observation is not None
        return replace(report, observation=replace(report.observation, points=face(seed)))


@dataclass
class Records:
    """An audit sink that can be made to fail."""

    events: list[AuditEvent] = field(default_factory=list)
    broken: bool = False

    def record(self, event: AuditEvent) -> None:
        if self.broken:
            raise AuditError("The journal is full.")
        self.events.append(event)

    def words(self) -> list[tuple[str, str, str]]:
        return [(event.kind.word, event.outcome, event.reason) for event in self.events]


@dataclass
class Seat:
    """Who sits at the PC."""

    uid: int | None = None

    def active_uid(self) -> int | None:
        return self.uid


class HandClock:
    """The clock of the delays: the real one, and what a test lets pass besides."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def pass_s(self, seconds: float) -> None:
        self._ahead_s += seconds

    def __call__(self) -> Moment:
        now = Moment.now()
        return Moment(now.boot, now.boottime_s + self._ahead_s, now.wall_s + self._ahead_s)


class Office:
    """A PC on which tanaka (2001) is enrolled with the face of seed 1, and suzuki (2002) with that of seed 2."""

    def __init__(self, folder: Path, directory: DirectoryDouble, config: LogonConfig) -> None:
        self.folder = folder
        self.socket = folder / "logon"
        self.directory = directory
        self.authority = TestRealm()
        #: What liveness will say of a face that matched, look by look; empty for live.
        self.liveness: list[LivenessVerdict] = []
        self.scene = Scene()
        self.records = Records()
        self.seat = Seat()
        self.loop = Loop()
        for login, seed in (("tanaka", 1), ("suzuki", 2)):
            directory.bundles[login] = self.authority.bundle(login, template(seed))
        #: Until it is set NSS does not answer.
        self.nss = threading.Event()
        self.nss.set()
        self._people = {
            "tanaka": Person(TANAKA, "tanaka"),
            "TANAKA": Person(TANAKA, "tanaka"),
            "suzuki": Person(SUZUKI, "suzuki"),
        }
        self.camera = CameraThread(self._opened, self.scene, self.loop.soon)
        self.clock = HandClock()
        self.lockout = Lockout(folder, config.tries, config.ceiling, self.clock)
        bench = Bench(
            self.authority.realm,
            self.authority.host,
            self.authority.predictor,
            METRIC,
            Policy(POINT, POINT),
            SerialMemory(folder / "serials.json", self.authority.realm.id),
        )
        self.reporter = Reporter(
            *(
                self.loop,
                DirectoryLink(self.loop, folder / "directory", 0.5),
                self.authority.realm,
                self.authority.host,
            ),
            *(self.lockout, folder / "report.json"),
            wall_s=lambda: time.time() + self.later_s,
            name_of={TANAKA: "tanaka", SUZUKI: "suzuki"}.get,
        )
        self.memory = EmergencyMemory(folder / "emergency.json", self.authority.realm.id)
        #: Unix seconds that have passed besides.
        self.later_s = 0
        surroundings = Surroundings(
            loop=self.loop,
            config=config,
            liveness=LivenessConfig(),
            alive=lambda _policy: ToldLiveness(*self.liveness),
            camera=self.camera,
            directory=DirectoryLink(self.loop, folder / "directory", 0.5),
            names=NameLookup(self.loop, self._resolve),
            bench=bench,
            lockout=self.lockout,
            purpose_watch=PurposeWatch(folder / "purpose.json", self.records),
            emergency=Emergency(bench, self.memory, self.lockout),
            code_services=EmergencyConfig(),
            other_factors=OtherFactors(config, folder / "pam.d"),
            wall_s=lambda: time.time() + self.later_s,
            audit=self.records,
            pseudonyms=Pseudonyms(bytes(32)),
            counts_changed=self.reporter.changed,
        )
        self.server = Server(self.loop)
        methods = LogonMethods(Desk(surroundings), self.seat)
        self.server.listen(bind_listener(self.socket, 0o666), Interface.shipped(LOGON), methods.by_name())

    def _resolve(self, name: str) -> Person | None:
        self.nss.wait()
        return self._people.get(name)

    def _opened(self) -> Camera:
        self.scene.open()
        return self.scene

    def client(self) -> Client:
        return Client(self.socket, 10)

    def decide(self, user: str = "tanaka", **more: Any) -> dict[str, Any]:
        """One cold logon; the last answer."""
        with self.client() as client:
            return decided(client, user, **more)

    def account(self, user: str = "tanaka", **more: Any) -> dict[str, Any]:
        with self.client() as client:
            return client.call(f"{LOGON}.Account", **asked(user, **more), nonce=NONCE)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what another thread will do."""
        until_s = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < until_s, "it never happened"
            time.sleep(0.005)

    def camera_is_closed(self) -> None:
        self.until(lambda: not self.scene.is_open)


def asked(user: str, service: str = "lightdm", real_uid: int | None = 0, **more: Any) -> dict[str, Any]:
    return {"user": user, "service": service, "real_uid": real_uid, **more}


def begun(client: Client, user: str = "tanaka", **more: Any) -> dict[str, Any]:
    return client.call(f"{LOGON}.Begin", **asked(user, **more))


def decided(client: Client, user: str = "tanaka", **more: Any) -> dict[str, Any]:
    return list(client.stream(f"{LOGON}.Decide", **asked(user, **more), nonce=NONCE))[-1]


def hints(answers: Sequence[dict[str, Any]]) -> list[str | None]:
    return [answer.get("reason") for answer in answers[:-1]]


@contextmanager
def office(folder: Path, config: LogonConfig = CONFIG) -> Iterator[Office]:
    """An office for the time of the block; at its end the camera must be closed."""
    set_language("en")
    with DirectoryDouble(folder / "directory") as directory:
        opened = Office(folder, directory, config)
        thread = threading.Thread(target=opened.loop.run, daemon=True)
        opened.camera.start()
        thread.start()
        yield opened
        opened.loop.stop()
        thread.join(5)
        assert not thread.is_alive()
        opened.server.close()
        opened.camera.stop(5)
        assert not opened.scene.is_open
        opened.loop.close()
