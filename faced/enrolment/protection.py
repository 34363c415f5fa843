"""How well this computer protects what it holds: the grade that `facectl doctor` gives, and what would better it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from faced.enrolment.host_secret import Form, HostSecret
from faced.errors import FacedError
from faced.i18n import _

_SYSFS = Path("/sys")
_ENCRYPTED = "CRYPT-"


@unique
class Grade(StrEnum):
    """From the strongest to the weakest.

    ``tpm_and_disk``: the secrets open on this TPM only, and the disk they lie on is encrypted. Whether that disk asks a
    person at the start (PIN, passphrase) cannot be seen from here, and only then is a stolen computer useless.
    ``tpm``: a stolen computer that is started as a whole opens them. ``host_key``: so does a copy of the disk, although
    not a copy of the secrets alone. ``plain``: nothing but file permissions. ``none``: there is no secret, or none that
    opens.
    """

    TPM_AND_DISK = "tpm_and_disk"
    TPM = "tpm"
    HOST_KEY = "host_key"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True)
class SecretReport:
    """One secret: ``form`` is None if there is none; ``fault``: why it is no use here, empty if it is."""

    name: str
    form: Form | None
    fault: str = ""


@dataclass(frozen=True)
class Protection:
    """``disk_encrypted``: None if the kernel does not say."""

    grade: Grade
    secrets: tuple[SecretReport, ...]
    disk_encrypted: bool | None

    @property
    def sound(self) -> bool:
        """Whether every secret is sealed and opens here."""
        return self.grade not in (Grade.PLAIN, Grade.NONE)


def examine(secrets: Iterable[HostSecret], sysfs: Path = _SYSFS) -> Protection:
    """Grade this computer by the weakest of its secrets; to be asked as root."""
    known = tuple(secrets)
    reports = tuple(_report(secret) for secret in known)
    folders = {secret.path.parent for secret in known}
    disks = {disk_is_encrypted(folder, sysfs) for folder in folders if folder.exists()} or {None}
    encrypted = False if False in disks else None if None in disks else True
    return Protection(min((_grade(report, encrypted) for report in reports), key=_rank), reports, encrypted)


def disk_is_encrypted(path: Path, sysfs: Path = _SYSFS) -> bool | None:
    """Whether everything below the file system of this path is a dm-crypt device; None for one without a disk."""
    device = os.stat(path).st_dev
    node = sysfs / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
    return _is_encrypted(node) if node.exists() else None


def _is_encrypted(node: Path) -> bool:
    uuid = node / "dm" / "uuid"
    if uuid.exists() and uuid.read_text().startswith(_ENCRYPTED):
        return True
    below = sorted((node / "slaves").iterdir()) if (node / "slaves").is_dir() else []
    return bool(below) and all(_is_encrypted(each) for each in below)


def _report(secret: HostSecret) -> SecretReport:
    name = secret.path.name
    try:
        form = secret.form
        if form is None:
            return SecretReport(name, None, _("It is not there: join this computer."))
        secret.read()
    except FacedError as error:
        return SecretReport(name, Form.UNKNOWN, str(error))
    if form is not Form.PLAIN and secret.path.exists():
        return SecretReport(
            name,
            Form.PLAIN,
            _("A plain file {path} was left beside the sealed one: remove it.").format(path=secret.path),
        )
    return SecretReport(name, form)


def _grade(report: SecretReport, disk_encrypted: bool | None) -> Grade:
    match report.form:
        case Form.TPM:
            return Grade.TPM_AND_DISK if disk_encrypted else Grade.TPM
        case Form.HOST_KEY:
            return Grade.HOST_KEY
        case Form.PLAIN:
            return Grade.PLAIN
    return Grade.NONE


def _rank(grade: Grade) -> int:
    """The weakest comes first."""
    return -list(Grade).index(grade)
