"""The ceremonies of docs/security.md, line by line as they are printed there, against a real directory."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.enrolment.manifest import last_manifest
from tests.cli.conftest import ROLE_PASSPHRASE, ROOT_PASSPHRASE, Office
from tests.cli.erasing import enrol
from tests.cli.year import unix

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
#: The day of each ceremony.
DAYS = {3: "2026-12-01", 4: "2027-03-20", 6: "2027-03-31", 7: "2027-05-01"}
OWN = {
    **{"suzuki": ROLE_PASSPHRASE, "mori": "mori walks to work", "kato": "kato takes the bus"},
    "timer": "nobody types this",
}


def ceremonies() -> Iterator[tuple[int, list[str]]]:
    """The number and the commands of each ceremony."""
    _before, *parts = re.split(r"^### (\d)\. .*$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for number, text in zip(parts[::2], parts[1::2], strict=True):
        blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        yield int(number), [line for block in blocks for line in block.splitlines()]


def passphrase_of(office: Office, handler: str) -> Path:
    return office.secret(f"{handler}.passphrase", OWN[handler])


def typed(office: Office, words: list[str]) -> list[object]:
    """What people type at prompts: the files that hold it, in options that the printed line does not have."""
    more: list[object] = []
    if "--bind-dn" in words:
        more += ["--bind-password-file", office.admin_password]
    if "--root-key" in words:
        more += ["--root-passphrase-file", office.secret("root.passphrase", ROOT_PASSPHRASE)]
    if words[:2] == ["handler", "appoint"]:
        more += ["--new-passphrase-file", passphrase_of(office, words[2])]
    if "--second" in words:
        more += ["--second-passphrase-file", passphrase_of(office, words[words.index("--second") + 1])]
    if "--handler" in words and words[1] not in ("init", "incident") and words[0] != "incident":
        more += ["--passphrase-file", passphrase_of(office, words[words.index("--handler") + 1])]
    return more


def run(office: Office, line: str) -> str:
    """One printed line, answered with yes wherever it asks."""
    office.slapd.start()
    line = line.replace("/var/lib/faced-station-2", str(office.folder / "second"))
    line = line.replace("/var/lib/faced-station", str(office.station_path))
    line = line.replace("/media/safe", str(office.folder)).replace("cn=admin,dc=example,dc=jp", office.slapd.admin_dn)
    line = re.sub(r"(?<= )pc0123\.(request|welcome)", rf"{office.folder}/pc0123.\1", line)
    program, *words = shlex.split(line)
    assert program == "facectl"
    result = office.facectl(*words, *typed(office, words), input="y\n" * 4)
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return result.output


def forget_realm(office: Office) -> None:
    """The change that is printed as LDIF."""
    [block] = re.findall(r"^```ldif\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert office.slapd.tree.realm in block
    with office.slapd.admin() as admin:
        admin.modify(office.slapd.tree.realm, replace={name: [] for name in re.findall(r"delete: (\w+)", block)})


@pytest.mark.usefixtures("slapd_once")
def test_every_line_works(office: Office) -> None:
    numbers = []
    for number, lines in ceremonies():
        if number in DAYS:
            renewed(office, DAYS[number])
        if number == 6:
            enrol(office, "tanaka", "ueda", handler="suzuki")
        if number == 7:
            forget_realm(office)
        for line in lines:
            run(office, line)
        numbers.append((number, len(lines)))
        if number == 3:
            assert last_manifest(office.station).revoked_hosts == {"pc0123"}
        if number == 4:
            assert office.json("purpose", "show")["until"] == "2028-03-31"
        if number == 6:
            assert [one["completed"] is not None for one in office.json("erasures")] == [True, True]
    assert numbers == [(1, 6), (2, 6), (3, 3), (4, 4), (5, 0), (6, 4), (7, 1)]


def test_every_line_about_people_who_are_not_regular_staff_works(founded: Office) -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## People who are not regular staff")[2].partition("\n## ")[0]
    lines = re.findall(r"^facectl .*$", section, flags=re.MULTILINE)
    for line in lines:
        run(founded, line)
    assert len(lines) == 6
    assert founded.json("consent", "show", "ueda")["state"] == "withdrawn"


def renewed(office: Office, day: str) -> None:
    """Another day; the timer has issued the manifest."""
    office.now = unix(day)
    issued = office.facectl(
        "realm", "manifest", "--handler", "mori", "--passphrase-file", passphrase_of(office, "mori")
    )
    assert issued.exit_code == 0, issued.output
