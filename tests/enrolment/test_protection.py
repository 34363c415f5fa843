"""The grade of a PC: by real credentials, a software TPM, and what the kernel says about the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faced.enrolment.host_secret import Form, HostSecret, Seal
from faced.enrolment.protection import Grade, disk_is_encrypted, examine
from tests.rig.tpm import SoftwareTpm


class Pc:
    """A PC's two secrets, and the kernel's view of the disk they lie on."""

    def __init__(self, folder: Path) -> None:
        self.sysfs = folder / "sys"
        self.etc = folder / "etc"
        self.etc.mkdir()
        self.environ = {
            "PATH": os.environ["PATH"],
            "SYSTEMD_CREDENTIAL_SECRET": str(folder / "credential.secret"),
            "SYSTEMD_TPM2_DEVICE": "device:/dev/none",
        }

    def secret(self, name: str) -> HostSecret:
        return HostSecret(self.etc / name, self.environ)

    def keep(self, seal: Seal, name: str = "host.keys") -> None:
        self.secret(name).keep(b"secret", seal)

    def disk(self, *uuids: str) -> None:
        """Devices stacked upon each other; an empty uuid is a plain disk. The kernel's files: no dm-crypt here."""
        device = os.stat(self.etc).st_dev
        at = self.sysfs / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
        for uuid in uuids:
            (at / "slaves").mkdir(parents=True)
            if uuid:
                (at / "dm").mkdir()
                (at / "dm" / "uuid").write_text(uuid + "\n")
            at = at / "slaves" / "below"

    def grade(self, *names: str) -> Grade:
        return examine([self.secret(name) for name in names or ("host.keys",)], self.sysfs).grade


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return Pc(tmp_path)


def test_a_system_key_and_a_plain_file_are_told_apart(pc: Pc) -> None:
    assert pc.grade() is Grade.NONE
    pc.keep(Seal.NONE)
    assert pc.grade() is Grade.PLAIN
    pc.keep(Seal.HOST)
    assert pc.grade() is Grade.HOST_KEY
    pc.disk("CRYPT-LUKS2-0123-root")
    assert pc.grade() is Grade.HOST_KEY, "an encrypted disk makes no TPM"


def test_the_weakest_secret_counts(pc: Pc) -> None:
    pc.keep(Seal.HOST)
    pc.keep(Seal.NONE, "directory.password")
    assert pc.grade("host.keys", "directory.password") is Grade.PLAIN
    assert pc.grade("host.keys", "nothing") is Grade.NONE


def test_a_tpm_counts_for_more_and_with_an_encrypted_disk_for_most(pc: Pc) -> None:
    with SoftwareTpm() as tpm:
        pc.environ |= tpm.environment
        pc.keep(Seal.TPM2)
        tpm.flush()
        assert pc.grade() is Grade.TPM
        pc.disk("LVM-abc", "CRYPT-LUKS2-0123-root", "")
        tpm.flush()
        assert pc.grade() is Grade.TPM_AND_DISK
    assert pc.grade() is Grade.NONE, "the TPM is gone, and with it the secret"


def test_a_credential_of_another_pc_and_a_file_that_was_left_behind_are_faults(pc: Pc) -> None:
    pc.keep(Seal.HOST)
    pc.secret("host.keys").path.write_bytes(b"the old plain file")
    (report,) = examine([pc.secret("host.keys")]).secrets
    assert (report.form, "remove it" in report.fault) == (Form.PLAIN, True)
    pc.secret("host.keys").path.unlink()
    Path(pc.environ["SYSTEMD_CREDENTIAL_SECRET"]).unlink()
    (report,) = examine([pc.secret("host.keys")]).secrets
    assert (report.form, "does not open" in report.fault) == (Form.UNKNOWN, True)


@pytest.mark.parametrize(
    ("stack", "encrypted"),
    [
        ((), None),
        (("",), False),
        (("LVM-abc", ""), False),
        (("LVM-abc", "CRYPT-PLAIN-x", ""), True),
        (("CRYPT-LUKS2-x",), True),
        (("LVM-abc",), False),
    ],
)
def test_the_disk_is_what_lies_below_the_file_system(pc: Pc, stack: tuple[str, ...], encrypted: bool | None) -> None:
    pc.disk(*stack)
    assert disk_is_encrypted(pc.etc, pc.sysfs) is encrypted


def test_without_a_disk_nothing_is_claimed() -> None:
    assert disk_is_encrypted(Path("/proc")) is None
