"""How long the synchronisation takes: first enrolment, a morning on which nothing changed, one on which 1 % did.

    python -m tools.bench_sync [--people 3000] [--many 30000] [--json]

The real command, as a process of its own, between two real slapds over TLS: the personnel section's with a photo of
40 kB for everybody, and the faced directory, which writes every change through to the disk. The photos are those of a
few dozen dummies, each person's with bytes of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faced.config import load
from faced.directory.personnel import PersonnelRecord
from faced.directory.tree import RoleAccount
from faced.dummy import Identity, encode_jpeg, id_photo
from faced.dummy.roster import roster
from faced.enrolment.founding import DEFAULT_GROUP, Founding, found
from faced.enrolment.manifest import epochs_to_seal_to
from faced.enrolment.planting import publish_realm
from faced.enrolment.station import Station
from faced.enrolment.sync.digests import Digests
from faced.enrolment.sync.source import open_personnel
from faced.trust.realm import Role
from faced.trust.sealed import Provenance, TemplateHeader, seal_template
from tests.rig.personnel import PersonnelSlapd
from tests.rig.slapd import PrivateSlapd
from tools.bench_trust import ldif_entry

FACES = 40
PHOTO_BYTES = 40_000
FACECTL = Path(sys.executable).parent / "facectl"
PREDICTOR = bytes(32)
#: As large as the coordinates of one photo.
COORDINATES = bytes(282)
CHANGED_SHARE = 100
_PASSPHRASE = b"a passphrase of the bench"
_WHY = ("--reason", "bench")


@dataclass
class Office:
    """A station, its directory and the personnel section's."""

    folder: Path
    station: Station
    slapd: PrivateSlapd
    hr: PersonnelSlapd
    config: Path
    peak_mb: float = field(default=0.0)

    def facectl(self, *words: object, codes: Sequence[int] = (0,)) -> tuple[float, str]:
        """Seconds and standard output of one command."""
        command = [str(FACECTL), "--config", str(self.config), *map(str, words)]
        environment = {**os.environ, "FACED_PASSPHRASE_FILE": str(self.folder / "passphrase")}
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            out = process.stdout.read()
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        if process.returncode not in codes:
            raise RuntimeError(f"{command} ended with {process.returncode}: {out}")
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1024)
        return took, out

    def morning(self, done: int) -> float:
        """Seconds of the timer's run, which must do so much."""
        took, out = self.facectl("sync", "apply", "--unattended", "--json")
        if json.loads(out)["done"] != done:
            raise RuntimeError(out)
        return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--many", type=int, default=30_000)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    photos = _photos()
    with _office() as office:
        office.hr.fill([], {}, "".join(_entry(office.hr, number, photos) for number in range(options.people)))
        first_s = _first_run(office, options.people)
        first_mb = office.peak_mb
        nochange_s = min(office.morning(0) for _again in range(3))
        change_s = _changed(office, options.people, photos)
    with _office() as office:
        office.hr.fill([], {}, "".join(_entry(office.hr, number, [b"x" * 100]) for number in range(options.many)))
        office.slapd.load("".join(_enrolled(office)))
        many_s = min(office.morning(0) for _again in range(2))
    figures = {
        f"first_{options.people}_s": round(first_s, 1),
        f"nochange_{options.people}_s": round(nochange_s, 2),
        f"nochange_{options.many}_s": round(many_s, 2),
        f"change_1pct_{options.people}_s": round(change_s, 2),
        "peak_rss_mb": round(first_mb),
    }
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name}: {figure}")


def _photos() -> list[bytes]:
    """ID photos as JPEG of the usual size, with room for a number."""
    found = []
    for face in roster(FACES):
        jpeg = encode_jpeg(id_photo(Identity(face)))
        padding = bytes(max(0, PHOTO_BYTES - len(jpeg)))
        found.append(jpeg[:2] + _comment(padding) + jpeg[2:] if padding else jpeg)
    return found


def _comment(content: bytes) -> bytes:
    return b"\xff\xfe" + (len(content) + 2).to_bytes(2, "big") + content


def _entry(hr: PersonnelSlapd, number: int, photos: Sequence[bytes]) -> str:
    login, photo = f"staff{number:05}", photos[number % len(photos)]
    own = photo[:2] + _comment(login.encode()) + photo[2:]
    return hr.entry(login, employeeNumber=f"{number:06}", cn=f"Staff {number}", jpegPhoto=own)


def _first_run(office: Office, people: int) -> float:
    saved = office.folder / "plan.json"
    office.facectl("sync", "plan", "--no-photos", "--save", saved, codes=(12,))
    office.facectl("sync", "approve", saved, "--decision", "1", *_WHY, "--yes")
    took, out = office.facectl("sync", "apply", "--plan", saved, *_WHY, "--json", codes=(0, 1))
    done = json.loads(out)
    if done["done"] < people * 0.95:
        raise RuntimeError(f"only {done['done']} of {people} were enrolled")
    print(f"{done['done']} of {people} enrolled; {people / took:.1f} a second", file=sys.stderr)
    # Whoever was refused would be looked at in every run.
    with office.hr.admin() as admin:
        for case in done["open"]:
            admin.remove(f"ou={case['login']},{office.hr.staff}")
    return took


def _changed(office: Office, people: int, photos: Sequence[bytes]) -> float:
    """One in a hundred: a third leave, a third have another name, a third join."""
    each = max(1, people // CHANGED_SHARE // 3)
    with office.hr.admin() as admin:
        there = [
            entry.text("uid") for entry in admin.find_all(office.hr.staff, "(objectClass=inetOrgPerson)", ("uid",))
        ]
        for login in there[:each]:
            admin.remove(f"ou={login},{office.hr.staff}")
        for login in there[each : 2 * each]:
            admin.modify(f"ou={login},{office.hr.staff}", replace={"cn": [b"Another Name"]})
        for number in range(people, people + each):
            login, photo = f"staff{number:05}", photos[0]
            values = {"ou": login, "uid": login, "employeeNumber": f"{number:06}", "cn": "New", "sn": "New"}
            admin.add(
                f"ou={login},{office.hr.staff}",
                ("inetOrgPerson",),
                {
                    **{name: [value.encode()] for name, value in values.items()},
                    "employeeType": [b"regular"],
                    "jpegPhoto": [photo[:2] + _comment(login.encode()) + photo[2:]],
                },
            )
    return office.morning(3 * each)


def _enrolled(office: Office) -> Iterator[str]:
    """The faced directory as it is when everybody of the personnel section is enrolled, as LDIF."""
    digests, now = Digests(office.station.digests_key()), int(time.time())
    key = office.station.role(Role.ENROL, lambda _name: _PASSPHRASE)
    verifier = office.station.verifier(now)
    epochs = epochs_to_seal_to(verifier.manifest, now) if verifier.manifest else ()

    def entry(record: PersonnelRecord) -> str:
        provenance = Provenance(photo=bytes(16), revision=digests.revision(record.revision))
        header = TemplateHeader(
            *(record.login, record.staff_number, now, now, None, PREDICTOR, (DEFAULT_GROUP,), "photo"), provenance
        )
        sealed = seal_template(office.station.realm, key.sign, header, COORDINATES, epochs, now)
        values: Mapping[str, Sequence[bytes]] = {
            **{name: [record.login.encode()] for name in ("uid", "sn")},
            **{"cn": [record.name.encode()], "mail": [record.mail.encode()]},
            "employeeNumber": [record.staff_number.encode()],
            "facedTemplate": [sealed.template],
            "facedTemplateKey": sealed.template_keys,
            "facedKeyGroup": [DEFAULT_GROUP.encode()],
        }
        return ldif_entry(office.slapd.tree.person(record.login), ("inetOrgPerson", "facedPerson"), values)

    return map(entry, open_personnel(load(office.config)).records())


class _office:
    """Everything made for one measurement, and taken away after it."""

    def __enter__(self) -> Office:
        self._folder = tempfile.TemporaryDirectory(prefix="faced-bench-")
        folder = Path(self._folder.name)
        self._slapds = [PrivateSlapd(durable=True), PersonnelSlapd()]
        slapd, hr = (each.__enter__() for each in self._slapds)
        assert isinstance(hr, PersonnelSlapd)
        now = int(time.time())
        station = found(
            folder / "station",
            Founding(
                "Bench City",
                dummy=True,
                handler="bench",
                groups=(DEFAULT_GROUP,),
                decision="1",
                open_roles=frozenset({Role.SYNC}),
            ),
            root_passphrase=_PASSPHRASE,
            role_passphrase=_PASSPHRASE,
            now=now,
        )
        keys = {role: station.role(role, lambda _name: _PASSPHRASE) for role in Role}
        with slapd.admin() as admin:
            publish_realm(admin, slapd.tree, station, {role: keys[Role(role.value)].password for role in RoleAccount})
        for name, text in (("passphrase", _PASSPHRASE.decode()), ("personnel.password", hr.reader_password)):
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)
        config = folder / "faced.toml"
        config.write_text(
            f'language = "en"\n[station]\npath = "{station.path}"\n[directory]\n'
            f'servers = ["{slapd.ldaps_url}"]\nbase = "{slapd.tree.base}"\nca_file = "{slapd.ca_file}"\n'
            f'[personnel]\nservers = ["{hr.ldaps_url}"]\nbase = "{hr.staff}"\nbind_dn = "{hr.reader_dn}"\n'
            f'ca_file = "{hr.ca_file}"\npassword = "{folder}/personnel.password"\n'
        )
        return Office(folder, station, slapd, hr, config)

    def __exit__(self, *_exception: object) -> None:
        for slapd in reversed(self._slapds):
            slapd.__exit__(None, None, None)
        self._folder.cleanup()


if __name__ == "__main__":
    main()
