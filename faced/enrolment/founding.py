"""A new realm: root key, role keys with their delegations, the first epoch and the first manifest, in one new folder.

The folder is made under another name and renamed when everything is in it and on the disk: an interrupted founding
leaves nothing that could be taken for a station.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nacl import utils
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.manifest import epoch_of, first_manifest
from faced.enrolment.person import check_login
from faced.enrolment.purpose import check_decision, rest_of_year
from faced.enrolment.station import (
    ANCHOR,
    DELEGATIONS,
    DIGESTS_KEY,
    KEYS,
    MANIFEST,
    ROOT,
    SHARED,
    RoleKey,
    Station,
    delegation_name,
    replace_file,
    seal_shared,
    sync_folder,
)
from faced.errors import StateError
from faced.i18n import _
from faced.trust.keys import KEY_SIZE, MODERATE, Argon2id, write_key_file
from faced.trust.purpose import issue_purpose
from faced.trust.realm import Realm, Role
from faced.units import DAY_S

#: The key group of a realm that does not divide its staff.
DEFAULT_GROUP = "default"
#: A year until the root key is used again, and a month in which to notice that it was not.
DELEGATION_DAYS = 396
_PASSWORD_BYTES = 24


@dataclass(frozen=True)
class Founding:
    """What a new realm is to be.

    :param decision: the number of the decision under which face data may be used for the rest of the fiscal year.
    :param handler: the designated handler of personal data whose name the delegations carry.
    :param groups: the key groups to make epochs for.
    :param open_roles: roles whose key file gets no passphrase, because a timer uses it.
    """

    name: str
    dummy: bool
    handler: str
    decision: str
    groups: tuple[str, ...] = (DEFAULT_GROUP,)
    open_roles: frozenset[Role] = frozenset({Role.AUDIT})


def found(
    path: Path,
    founding: Founding,
    *,
    root_passphrase: bytes,
    role_passphrase: bytes,
    now: int,
    root_key: Path | None = None,
    cost: Argon2id = MODERATE,
    random: Callable[[int], bytes] = utils.random,
) -> Station:
    """Make the realm and its station.

    :param path: the new folder; it must not exist, its parent must.
    :param root_key: where to put the root key instead of the station (a removable medium); must not exist.
    :raises StateError: the folder exists or cannot be made. Nothing is left behind then.
    :raises TrustError: ``key_file`` if the root key cannot be written; ``no_decision``.
    """
    check_free(path)
    check_login(founding.handler)
    check_decision(founding.decision)
    root = SigningKey(random(32))
    realm = Realm.create(founding.name, root, now, dummy=founding.dummy)
    year = FiscalYear.at(now)
    epochs = {(group, year.number): PrivateKey(random(32)) for group in founding.groups}
    keys = [_role_key(role, founding.handler, epochs, random) for role in Role]
    with _unfinished(path) as folder, _unfinished_file(root_key) as root_path:
        for name in (KEYS, DELEGATIONS, SHARED):
            (folder / name).mkdir(mode=0o700)
        write_key_file(
            root_path or folder / KEYS / f"{ROOT}.key",
            {"kind": "root", "sign": bytes(root)},
            root_passphrase,
            cost=cost,
            random=random,
        )
        replace_file(folder / ANCHOR, realm.anchor)
        replace_file(folder / KEYS / DIGESTS_KEY, random(KEY_SIZE))
        for key in keys:
            passphrase = None if key.role in founding.open_roles else role_passphrase
            write_key_file(folder / KEYS / f"{key.name}.key", key.content(), passphrase, cost=cost, random=random)
            replace_file(folder / SHARED / key.name, seal_shared(key.public, key.password, key.epochs))
            delegation = realm.delegate(root, key.handler, key.public, [key.role], now, now + DELEGATION_DAYS * DAY_S)
            name = delegation_name(realm.read_delegation(delegation), key.role)
            replace_file(folder / DELEGATIONS / name, delegation)
        manifest = first_manifest(
            (epoch_of(group, number, bytes(private.public_key)) for (group, number), private in epochs.items()), now
        )
        signers = {key.role: key.sign for key in keys}
        purpose = _first_purpose(realm, signers[Role.APPROVE], founding.decision, now)
        manifest = dataclasses.replace(manifest, purposes=(purpose,))
        replace_file(folder / MANIFEST, realm.issue_manifest(signers[Role.MANIFEST], manifest))
    return Station.open(path)


def check_free(path: Path) -> None:
    """Refuse a folder that exists: a realm is never overwritten.

    :raises StateError: naming the folder.
    """
    if path.exists() or path.is_symlink():
        raise StateError(_("{path} exists already and is left as it is. Choose a new folder.").format(path=path))
    if not path.parent.is_dir():
        raise StateError(_("There is no folder {path} to make the station in.").format(path=path.parent))


def _first_purpose(realm: Realm, key: SigningKey, decision: str, now: int) -> bytes:
    period = rest_of_year(now)
    return issue_purpose(
        *(realm, key),
        serial=now,
        not_before=period.not_before,
        not_after=period.not_after,
        decision=decision,
        now=now,
    )


def _role_key(
    role: Role, handler: str, epochs: dict[tuple[str, int], PrivateKey], random: Callable[[int], bytes]
) -> RoleKey:
    held = epochs if role is Role.OPERATE else {}
    return RoleKey(role, handler, SigningKey(random(32)), new_password(random), held)


def new_password(random: Callable[[int], bytes] = utils.random) -> str:
    """A directory password for the account of a role."""
    return random(_PASSWORD_BYTES).hex()


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` that takes its name only if the block ends well."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise StateError(_("{path} cannot be written: {why}.").format(path=path.parent, why=error.strerror)) from None
    try:
        yield folder
        for made in (folder / KEYS, folder / DELEGATIONS, folder / SHARED, folder):
            sync_folder(made)
        check_free(path)
        folder.rename(path)
        sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextlib.contextmanager
def _unfinished_file(path: Path | None) -> Iterator[Path | None]:
    """Remove a file that did not exist before if the block fails."""
    existed = path is not None and (path.exists() or path.is_symlink())
    try:
        yield path
    except BaseException:
        if path is not None and not existed:
            path.unlink(missing_ok=True)
        raise
