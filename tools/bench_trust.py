"""How long trust takes: opening one template at a logon, and changing the epoch for a whole municipality.

    python -m tools.bench_trust [--templates 3000] [--hosts 1500] [--json]

The rotation is the real command against a real slapd over TLS, which writes every change through to the disk: 3,000
people in two key groups each, 1,500 computers that have asked for the year's key.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from nacl.public import PrivateKey

from cli.main import group
from cli.run import Run
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment.admission import admit
from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.founding import Founding, found
from faced.enrolment.joining import HostRequest
from faced.enrolment.manifest import epochs_to_seal_to
from faced.enrolment.planting import publish_realm
from faced.enrolment.station import RoleKey, Station
from faced.trust.host import open_epoch_keys
from faced.trust.keys import HostKeys
from faced.trust.realm import Role
from faced.trust.sealed import TemplateHeader, check_template, open_template, seal_template
from tests.rig.slapd import PrivateSlapd

DEPARTMENTS = 12
COMMON = "counter"
#: 20 October 2026; the rotation happens when the next year may be begun.
ENROLLED = 1_792_465_200
YEAR = FiscalYear(2026)
NEXT = FiscalYear(2027)
PREDICTOR = bytes(32)
#: As large as the coordinates of three samples.
COORDINATES = bytes(900)
OPENINGS = 300
_PASSPHRASE = b"a passphrase of the bench"


@dataclass(frozen=True)
class Municipality:
    """A station and its directory, with one host's keys and one person to open."""

    station: Station
    slapd: PrivateSlapd
    host: HostKeys
    host_statement: bytes
    login: str
    template: bytes
    template_keys: tuple[bytes, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=3000)
    parser.add_argument("--hosts", type=int, default=1500)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faced-bench-") as folder, PrivateSlapd(durable=True) as slapd:
        town = _municipality(Path(folder), slapd, options.templates, options.hosts)
        figures = {
            "open_template_ms": round(_open_ms(town), 3),
            "rotate_s": round(_rotate_s(Path(folder), town, options.templates, options.hosts), 2),
            "templates": options.templates,
            "hosts": options.hosts,
        }
    if options.json:
        print(json.dumps(figures))
        return
    print(f"opening a template, with all signatures: {figures['open_template_ms']} ms (median of {OPENINGS})")
    print(f"rotation of {options.templates} templates and {options.hosts} hosts: {figures['rotate_s']} s")


def _open_ms(town: Municipality) -> float:
    """Everything between a bundle and its coordinates: manifest, delegations, host statement, header, seal."""
    manifest = town.station.manifest
    delegations = town.station.delegations
    taken = []
    for _each in range(OPENINGS):
        began = time.perf_counter()
        verifier = town.station.realm.verifier(delegations, manifest, ENROLLED)
        checked = check_template(verifier, town.login, town.template)
        keys = open_epoch_keys(verifier, town.host_statement, town.host)
        opened = open_template(checked, town.template_keys, keys, PREDICTOR)
        taken.append(1000 * (time.perf_counter() - began))
        if opened.coordinates != COORDINATES:
            raise AssertionError("the template opened to something else")
    return statistics.median(taken)


def _rotate_s(folder: Path, town: Municipality, templates: int, hosts: int) -> float:
    passphrases = folder / "passphrase"
    passphrases.write_bytes(_PASSPHRASE + b"\n")
    passphrases.chmod(0o600)
    config = folder / "faced.toml"
    config.write_text(
        f'language = "en"\n[station]\npath = "{town.station.path}"\n[directory]\n'
        f'servers = ["{town.slapd.ldaps_url}"]\nbase = "{town.slapd.tree.base}"\nca_file = "{town.slapd.ca_file}"\n'
    )
    words = ["realm", "rotate", "--reason", "bench", "--yes", "--json", "--passphrase-file", str(passphrases)]
    began = time.perf_counter()
    result = CliRunner().invoke(
        group(), ["--config", str(config), *words], obj=Run(config, clock=lambda: NEXT.announced), prog_name="facectl"
    )
    took = time.perf_counter() - began
    if result.exit_code != 0:
        raise AssertionError(result.output)
    done = json.loads(result.stdout)
    if (done["people"]["rewrapped"], done["computers"]["renewed"]) != (templates, hosts):
        raise AssertionError(result.stdout)
    return took


def _municipality(folder: Path, slapd: PrivateSlapd, templates: int, hosts: int) -> Municipality:
    groups = (*(f"dept{number:02}" for number in range(DEPARTMENTS)), COMMON)
    station = found(
        folder / "station",
        Founding("Bench City", dummy=True, handler="bench", decision="R8-1", groups=groups),
        root_passphrase=_PASSPHRASE,
        role_passphrase=_PASSPHRASE,
        now=ENROLLED,
    )
    keys = {role: station.role(role, lambda _name: _PASSPHRASE) for role in Role}
    with slapd.admin() as admin:
        publish_realm(admin, slapd.tree, station, {role: keys[Role(role.value)].password for role in RoleAccount})
    people = list(itertools.islice(_people(slapd.tree, station, keys[Role.ENROL], groups), templates))
    computers = list(itertools.islice(_computers(slapd.tree, station, keys[Role.OPERATE], groups), hosts))
    slapd.load("".join([*(ldif for *_rest, ldif in people), *(ldif for *_rest, ldif in computers)]))
    (login, template, template_keys, _ldif), (host, statement, _host_ldif) = people[0], computers[0]
    return Municipality(station, slapd, host, statement, login, template, template_keys)


def _people(
    tree: Tree, station: Station, key: RoleKey, groups: Sequence[str]
) -> Iterator[tuple[str, bytes, tuple[bytes, ...], str]]:
    verifier = station.verifier(ENROLLED)
    epochs = epochs_to_seal_to(verifier.manifest, ENROLLED) if verifier.manifest else ()
    for number in itertools.count():
        login, own = f"staff{number:05}", (groups[number % DEPARTMENTS], COMMON)
        header = TemplateHeader(login, str(number), ENROLLED, ENROLLED, None, PREDICTOR, own, "photo")
        sealed = seal_template(station.realm, key.sign, header, COORDINATES, epochs, ENROLLED)
        ldif = ldif_entry(
            tree.person(login),
            ("inetOrgPerson", "facedPerson"),
            {
                **{name: [value.encode()] for name, value in (("uid", login), ("cn", login), ("sn", login))},
                "employeeNumber": [str(number).encode()],
                "facedTemplate": [sealed.template],
                "facedTemplateKey": sealed.template_keys,
                "facedKeyGroup": [group.encode() for group in own],
            },
        )
        yield login, sealed.template, sealed.template_keys, ldif


def _computers(
    tree: Tree, station: Station, key: RoleKey, groups: Sequence[str]
) -> Iterator[tuple[HostKeys, bytes, str]]:
    verifier = station.verifier(ENROLLED)
    for number in itertools.count():
        name, own = f"pc{number:05}", (groups[number % DEPARTMENTS], COMMON)
        made = HostKeys.generate(name, YEAR.number)
        keys = HostKeys(name, made.sign, {**made.boxes, NEXT.number: PrivateKey.generate()})
        statement = admit(verifier, key, HostRequest.of(keys, YEAR.number), own)
        ldif = ldif_entry(
            tree.host(name),
            ("device", "simpleSecurityObject", "facedHost"),
            {
                "cn": [name.encode()],
                "userPassword": [b"{SSHA}unused"],
                "facedHostStatement": [statement],
                "facedHostRequest": [HostRequest.of(keys, NEXT.number).sign_with(keys)],
                "facedKeyGroup": [group.encode() for group in own],
            },
        )
        yield keys, statement, ldif


def ldif_entry(dn: str, classes: Iterable[str], values: Mapping[str, Sequence[bytes]]) -> str:
    """One entry as LDIF."""
    lines = [f"dn: {dn}", *(f"objectClass: {name}" for name in classes)]
    lines += [f"{name}:: {base64.b64encode(value).decode()}" for name, each in values.items() for value in each]
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
