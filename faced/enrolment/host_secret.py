"""A workstation's secrets at rest: a systemd credential that only this computer opens, or a plain private file.

A secret is named by the path of its plain file; the credential lies beside it as ``NAME.cred`` and has that name
inside, as the units load it. Only root reads and writes either (docs/decisions/0040).
"""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from pathlib import Path

from faced.config import sealed_path
from faced.enrolment.station import replace_file, sync_folder
from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust.keys import HostKeys, decode_key_file, encode_key_file, read_private_file

_TIMEOUT_S = 60.0
#: What a credential begins with says which key seals it (systemd, src/shared/creds-util.h; seen with systemd 252).
_ID_SIZE = 16
_HOST_KEY = bytes.fromhex("5a1c6a86df9d4096b1d5a65e0862f19a")
_WITH_TPM = {bytes.fromhex("0c7cc07b117645919c4b0bea08bc20fe"), bytes.fromhex("93a894094874449090caf2fc93cab553")}
#: systemd's word for the key, in the order in which they are tried by AUTO.
_STRONGEST, _WEAKER = "host+tpm2", "host"


@unique
class Form(StrEnum):
    """How a secret rests, from the strongest to the weakest.

    ``tpm``: opens on this computer's TPM and installation only; ``host_key``: with a file of this installation, so that
    whoever copies the whole disk has it; ``unknown``: a credential of a kind that we do not know; ``plain``: a private
    file.
    """

    TPM = "tpm"
    HOST_KEY = "host_key"
    UNKNOWN = "unknown"
    PLAIN = "plain"


@unique
class Seal(StrEnum):
    """What a secret is to be sealed with; ``auto``: the strongest that this computer has, a plain file if none."""

    AUTO = "auto"
    TPM2 = "tpm2"
    HOST = "host"
    NONE = "none"


@dataclass(frozen=True)
class HostSecret:
    """One secret of this computer.

    :param path: of the plain file, as configured.
    :param environ: what systemd-creds is run with; $SYSTEMD_TPM2_DEVICE names another TPM than the computer's own.
    """

    path: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def sealed(self) -> Path:
        """Where the credential lies."""
        return sealed_path(self.path)

    @property
    def form(self) -> Form | None:
        """How the secret rests now; None if there is none.

        :raises StateError: the credential cannot be read.
        """
        if self.sealed.exists():
            try:
                return form_of(self.sealed.read_bytes())
            except OSError as error:
                raise _unreadable(self.sealed, error) from None
        return Form.PLAIN if self.path.exists() else None

    def read(self) -> bytes:
        """The secret; the credential counts if there are both.

        :raises StateError: ``no_secret``, or ``sealed_elsewhere``: this computer cannot open the credential.
        :raises TrustError: ``key_file``: others may read the plain file.
        """
        match self.form:
            case None:
                raise StateError(
                    _("There is neither {path} nor {sealed}. Join this computer first.").format(
                        path=self.path, sealed=self.sealed
                    ),
                    reason="no_secret",
                )
            case Form.PLAIN:
                return read_private_file(self.path)
        return self._open(self.sealed)

    def keep(self, secret: bytes, seal: Seal = Seal.AUTO) -> Form:
        """Put a secret in the place of the old one: there is always one of the two.

        :return: how it rests now.
        :raises StateError: ``not_sealed``: it cannot be sealed as wanted, or (with AUTO) at all although it was before;
            the old one stands.
        """
        before = self.form
        data = self._seal(secret, seal) if seal is not Seal.NONE else None
        if data is None and seal is not Seal.NONE and (seal is not Seal.AUTO or before not in (None, Form.PLAIN)):
            raise StateError(
                _(
                    "systemd-creds cannot seal {path} on this computer with the key '{seal}'. Nothing was changed."
                ).format(path=self.path, seal=seal.value),
                reason="not_sealed",
            )
        if data is None:
            replace_file(self.path, secret)
            self._forget(self.sealed)
            return Form.PLAIN
        replace_file(self.sealed, data)
        self._forget(self.path)
        return form_of(data)

    def _seal(self, secret: bytes, seal: Seal) -> bytes | None:
        """A credential that was opened again before anything relies on it; None if there can be none."""
        for key in {Seal.TPM2: (_STRONGEST,), Seal.HOST: (_WEAKER,)}.get(seal, (_STRONGEST, _WEAKER)):
            device = self.environ.get("SYSTEMD_TPM2_DEVICE")
            where = (f"--tpm2-device={device}",) if device and key == _STRONGEST else ()
            data = self._run("encrypt", f"--with-key={key}", *where, "-", "-", given=secret)
            if data is not None and self._run("decrypt", "-", "-", given=data) == secret:
                return data
        return None

    def _open(self, path: Path) -> bytes:
        secret = self._run("decrypt", str(path), "-")
        if secret is None:
            raise StateError(
                _(
                    "{path} does not open on this computer: it is another's, or its TPM or system was changed. "
                    "Remove it and let this computer join anew."
                ).format(path=path),
                reason="sealed_elsewhere",
            )
        return secret

    def _run(self, verb: str, *arguments: str, given: bytes = b"") -> bytes | None:
        command = ["systemd-creds", verb, f"--name={self.sealed.name}", *arguments]
        try:
            # What it says on stderr is about its own keys; whoever needs it runs it by hand.
            done = subprocess.run(  # noqa: S603 - the program is systemd's, the arguments are ours
                command, input=given, capture_output=True, timeout=_TIMEOUT_S, env=dict(self.environ), check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 and done.stdout else None

    def _forget(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise StateError(
                _("{path} cannot be removed ({why}). Remove it by hand: it holds an old secret.").format(
                    path=path, why=error.strerror
                )
            ) from None


class HostKeyStore:
    """This computer's keys, in whichever form they rest."""

    def __init__(self, secret: HostSecret) -> None:
        self.secret = secret

    def read(self) -> HostKeys:
        """The keys.

        :raises StateError, TrustError: as :meth:`HostSecret.read`; ``malformed``.
        """
        return HostKeys.from_content(decode_key_file(self.secret.read()))

    def replace(self, keys: HostKeys, seal: Seal | None = None) -> Form:
        """Put these in the place of those that were there: box keys that are not among them are gone from here.

        :param seal: None: a plain file stays one, what was sealed is sealed with the strongest.
        :raises StateError: as :meth:`HostSecret.keep`.
        """
        if seal is None:
            seal = Seal.NONE if self.secret.form is Form.PLAIN else Seal.AUTO
        return self.secret.keep(encode_key_file(keys.content()), seal)

    def own(self, name: str, epoch: int, seal: Seal = Seal.AUTO) -> HostKeys:
        """This computer's keys: those it has, with one for the epoch added if need be, or new ones; kept as wanted.

        :raises TrustError: ``wrong_host`` if the keys are another computer's; otherwise as :meth:`read`.
        """
        keys = HostKeys.generate(name, epoch) if self.secret.form is None else self.read()
        if keys.name != name:
            raise TrustError(
                _(
                    "The keys in {path} are for {other}. Remove the file if this computer really has another name."
                ).format(path=self.secret.path, other=keys.name),
                reason="wrong_host",
            )
        if epoch not in keys.boxes:
            keys = HostKeys(name, keys.sign, {**keys.boxes, epoch: HostKeys.generate(name, epoch).boxes[epoch]})
        self.replace(keys, seal)
        return keys


def form_of(credential: bytes) -> Form:
    """Which key seals a credential, by what it begins with."""
    try:
        head = base64.b64decode(credential, validate=False)[:_ID_SIZE]
    except (binascii.Error, ValueError):
        return Form.UNKNOWN
    if head in _WITH_TPM:
        return Form.TPM
    return Form.HOST_KEY if head == _HOST_KEY else Form.UNKNOWN


def _unreadable(path: Path, error: OSError) -> StateError:
    return StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror))
