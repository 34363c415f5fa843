"""io.faced.Status: what an administrator or a monitor wants to know, and nothing about any person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faced import __version__
from faced.config import Config
from faced.errors import StateError
from faced.i18n import _
from faced.logon.emergency import EmergencyMemory
from faced.logon.judge import Bench
from faced.logon.lockout import Lockout
from faced.service.camera_thread import CameraThread
from faced.service.directory_link import Answer, DirectoryLink
from faced.service.server import Call
from faced.trust.purpose import covered_until

#: A manifest that was not renewed for so long is an alarm; it is valid for twice that.
MANIFEST_ALARM_S = 7 * 86_400


@dataclass(frozen=True)
class StatusMethods:
    """The methods; every caller may ask them.

    ``remind``: looks whether a report to the realm is due.
    """

    config: Config
    bench: Bench
    camera: CameraThread
    directory: DirectoryLink
    lockout: Lockout
    emergency: EmergencyMemory
    remind: Callable[[], None]
    memory_locked: bool = True
    wall_s: Callable[[], float] = time.time

    def by_name(self) -> Mapping[str, Callable[[Call], None]]:
        """The methods as the server wants them."""
        return {"Get": self.get, "Remind": self.reminded}

    def reminded(self, call: Call) -> None:
        """The caller learns nothing, least of all whether one was due."""
        self.remind()
        call.reply()

    def get(self, call: Call) -> None:
        """Asks the other daemon, then answers."""
        self.directory.ask("Status", {}, lambda answer: call.reply(**self._status(answer)))

    def _status(self, answer: Answer) -> dict[str, Any]:
        now = int(self.wall_s())
        manifest = self.bench.latest_manifest
        age_s = None if manifest is None else max(0, now - manifest.issued)
        expires_in_s = None if manifest is None else manifest.expires - now
        until = None if manifest is None else covered_until(self.bench.latest_purposes, now)
        directory = _directory_state(answer)
        camera = "stuck" if self.camera.stuck() else self.camera.state
        return {
            "version": __version__,
            "realm": self.bench.realm.name,
            "dummy": self.bench.realm.dummy,
            "host": self.bench.host.name,
            "camera": self.config.camera.name,
            "camera_state": camera,
            "predictor": self.bench.predictor.hex(),
            "metric": self.bench.metric.id.hex(),
            "directory": directory,
            "manifest": {"known": manifest is not None, "seconds": age_s},
            "expires_in": expires_in_s,
            "purpose_until": until,
            "emergencies": self._emergencies(),
            "warnings": list(self._warnings(directory, camera, age_s)),
        }

    def _emergencies(self) -> int | None:
        """Logons without a face here since this host joined; None if nobody knows."""
        try:
            return self.emergency.count()
        except StateError:
            return None

    def _warnings(self, directory: str, camera: str, age_s: int | None) -> list[str]:
        warnings = []
        if self.bench.realm.dummy:
            warnings.append(_("This is a realm of dummy staff: clips are accepted in place of a camera."))
        if camera not in ("idle", "open"):
            warnings.append(_("The camera failed when it was last used."))
        if not self.memory_locked:
            warnings.append(_("Keys and faces in memory may reach the swap disk: see LimitMEMLOCK= of faced.service."))
        if locked := self._locked():
            warnings.append(
                _("The face step is locked here for {count} people: facectl lockouts list").format(count=locked)
            )
        if directory == "unavailable":
            warnings.append(_("faced-directory does not answer: nobody new can log on."))
        if directory == "shut_out":
            warnings.append(
                _("The directory refuses this PC, so nobody can log on: it was revoked, or its account is lost.")
            )
        if age_s is not None and age_s > MANIFEST_ALARM_S:
            warnings.append(_("The realm's manifest was not renewed for a week: ask the authority station."))
        return warnings

    def _locked(self) -> int:
        try:
            return len({count.uid for count in self.lockout.counts() if count.locked})
        except StateError:
            # Whoever's counter it is will not be judged, and that is on record then.
            return 0


def _directory_state(answer: Answer) -> str:
    if not isinstance(answer, dict):
        return "unavailable"
    if answer.get("shut_out") is True:
        return "shut_out"
    return "online" if answer.get("online") is True else "offline"
