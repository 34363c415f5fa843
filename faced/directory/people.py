"""People in the directory: found by their canonical login name, given a sealed template, suspended, erased."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from faced.directory import schema
from faced.directory.connection import Connection, Entry, equals
from faced.directory.tree import Tree
from faced.errors import NotInDirectory
from faced.i18n import _

#: What stays when a face is erased: it says that there must be none, and what the person agreed to.
_KEPT = (schema.TOMBSTONE, schema.CONSENT, schema.APPROVAL, schema.SUSPENSION)
_ERASED = (schema.TEMPLATE, schema.TEMPLATE_KEY, schema.EXEMPTION, schema.UNLOCK, schema.EMERGENCY)
_SEALED = (*_ERASED, *_KEPT)
_DETAILS = ("employeeNumber", "cn", "mail", schema.KEY_GROUP)
_CLASSES = ("inetOrgPerson", schema.PERSON_CLASS)


@dataclass(frozen=True)
class SealedFace:
    """What the directory holds of a person's face: signed and sealed bytes, unverified."""

    template: bytes | None = field(default=None, repr=False)
    template_keys: tuple[bytes, ...] = field(default=(), repr=False)
    tombstone: bytes | None = field(default=None, repr=False)
    exemption: bytes | None = field(default=None, repr=False)
    unlock: bytes | None = field(default=None, repr=False)
    emergency: bytes | None = field(default=None, repr=False)
    consent: bytes | None = field(default=None, repr=False)
    approval: bytes | None = field(default=None, repr=False)
    suspension: bytes | None = field(default=None, repr=False)

    @property
    def empty(self) -> bool:
        """Whether this says nothing at all: no template, not that there must be none, no exemption."""
        return self.template is None and self.tombstone is None and self.exemption is None

    @property
    def erased(self) -> bool:
        """Whether nothing is there that an erasure removes."""
        held = (self.template, self.exemption, self.unlock, self.emergency)
        return not self.template_keys and all(value is None for value in held)


@dataclass(frozen=True)
class Person:
    """A person's entry: the recorded items of requirement R7 and nothing else."""

    login: str
    staff_number: str
    name: str
    mail: str
    groups: tuple[str, ...]
    face: SealedFace
    dn: str = ""

    @property
    def described(self) -> bool:
        """Whether anything is known of the person but the login name, which stands for the name after an erasure."""
        return (self.staff_number, self.name, self.mail) != ("", self.login, "")


@dataclass(frozen=True)
class KeyHolder:
    """A person's template keys and nothing else of the entry."""

    login: str
    dn: str
    keys: tuple[bytes, ...] = field(repr=False)


class People:
    """The people of one tree, over one connection; what the connection's account may do decides what works."""

    def __init__(self, connection: Connection, tree: Tree) -> None:
        self._connection = connection
        self._tree = tree

    def face(self, login: str) -> SealedFace:
        """A person's sealed bytes and nothing else of the entry: what a workstation asks for.

        :raises NotInDirectory, AmbiguousEntry: not exactly one entry that this account may see has this login name.
        :raises DirectoryError: as :meth:`faced.directory.connection.Connection.find`.
        """
        return _face(self._find(login, _SEALED))

    def find(self, login: str) -> Person:
        """A person's entry.

        :raises NotInDirectory, AmbiguousEntry, DirectoryError: as :meth:`face`.
        """
        return _person(self._find(login, (*_SEALED, *_DETAILS)), login)

    def all(self, *, progress: Callable[[int], None] | None = None, keys: bool = True) -> tuple[Person, ...]:
        """Every person who was ever given a template here: the whole list or an error.

        :param keys: False leaves out the template keys, which are more than half of all that is read.
        :param progress: called with the number read so far, a page at a time.
        :raises DirectoryError: ``truncated`` if the server stops before the end.
        """
        entries = self._connection.find_all(
            self._tree.people,
            equals(objectClass=schema.PERSON_CLASS),
            ("uid", *(name for name in _SEALED if keys or name != schema.TEMPLATE_KEY), *_DETAILS),
            progress=progress,
        )
        return tuple(_person(entry, entry.text("uid")) for entry in entries)

    def logins(self) -> tuple[str, ...]:
        """The login names of everybody who was ever given a template here: the whole list or an error."""
        ours = equals(objectClass=schema.PERSON_CLASS)
        return tuple(entry.text("uid") for entry in self._connection.find_all(self._tree.people, ours, ("uid",)))

    def add(self, login: str, *, staff_number: str, name: str, mail: str, groups: Sequence[str]) -> None:
        """Make an entry, in a tree of our own; without a template as yet.

        :raises DirectoryError: ``exists``.
        """
        self._connection.add(
            self._tree.person(login),
            _CLASSES,
            {"uid": [login.encode()], **_details(staff_number, name, mail), **_groups(groups)},
        )

    def describe(self, login: str, *, staff_number: str, name: str, mail: str) -> None:
        """Correct the staff number, the name or the mail address."""
        self._write(login, _details(staff_number, name, mail))

    def enrol(self, login: str, template: bytes, keys: Sequence[bytes], groups: Sequence[str]) -> None:
        """Give a person a template in place of any other, with its keys and its key groups, in one step.

        :raises DirectoryError: ``oversize``.
        """
        self._write(
            login,
            {
                schema.TEMPLATE: schema.bounded(schema.TEMPLATE, [template]),
                schema.TEMPLATE_KEY: schema.bounded(schema.TEMPLATE_KEY, keys),
                **_groups(groups),
            },
        )

    def key_holders(self, *, progress: Callable[[int], None] | None = None) -> tuple[KeyHolder, ...]:
        """Everybody who has template keys, and those keys; no template is read: the whole list or an error.

        :param progress: as :meth:`all`.
        """
        entries = self._connection.find_all(
            self._tree.people, equals(objectClass=schema.PERSON_CLASS), ("uid", schema.TEMPLATE_KEY), progress=progress
        )
        holders = (KeyHolder(entry.text("uid"), entry.dn, entry.all(schema.TEMPLATE_KEY)) for entry in entries)
        return tuple(holder for holder in holders if holder.keys)

    def keys_of(self, holder: KeyHolder) -> KeyHolder:
        """The same person's keys as they are now; none if there is no template any more."""
        entry = self._connection.read(holder.dn, (schema.TEMPLATE_KEY,))
        return KeyHolder(holder.login, holder.dn, entry.all(schema.TEMPLATE_KEY))

    def exchange_keys(self, holder: KeyHolder, keys: Sequence[bytes]) -> None:
        """Give the standing template other keys, if it still has those of ``holder``.

        :raises DirectoryError: ``no_such_value``: the person was enrolled again or erased meanwhile; nothing was done.
        """
        # All of the old ones are named, also those that stay: the keys of another template must not be mixed in.
        self._connection.modify(
            holder.dn,
            take={schema.TEMPLATE_KEY: holder.keys},
            give={schema.TEMPLATE_KEY: schema.bounded(schema.TEMPLATE_KEY, keys)} if keys else {},
        )

    def bury(self, login: str, tombstone: bytes) -> None:
        """Publish that templates below a serial are dead. Hosts hear of it with their next refresh.

        :raises NotAllowed: there is one already, and this account may only add one where none stands.
        """
        values: dict[str, Sequence[bytes]] = {schema.TOMBSTONE: schema.bounded(schema.TOMBSTONE, [tombstone])}
        if self._find(login, (schema.TOMBSTONE,)).all(schema.TOMBSTONE):
            self._write(login, values)
        else:
            self._write(login, {}, give=values)

    def exempt(self, login: str, exemption: bytes, groups: Sequence[str] = ()) -> None:
        """Put an exemption in place of any other. Hosts hear of it with their next refresh.

        :param groups: key groups for somebody who has none yet, so that their hosts may see it.
        """
        self._approve(login, schema.EXEMPTION, exemption, groups)

    def consent(self, login: str, consent: bytes) -> None:
        """Put a consent, or its withdrawal, in place of any other. Hosts hear of it with their next refresh."""
        self._write(login, {schema.CONSENT: schema.bounded(schema.CONSENT, [consent])})

    def approve(self, login: str, approval: bytes) -> None:
        """Put an approval, or its withdrawal, in place of any other. Hosts hear of it with their next refresh."""
        self._write(login, {schema.APPROVAL: schema.bounded(schema.APPROVAL, [approval])})

    def suspend(self, login: str, suspension: bytes) -> None:
        """Put a suspension, or its end, in place of any other. Hosts hear of it with their next refresh."""
        self._write(login, {schema.SUSPENSION: schema.bounded(schema.SUSPENSION, [suspension])})

    def unlock(self, login: str, unlock: bytes) -> None:
        """Put an unlock in place of any other. A host looks for it when the person tries to log on there."""
        self._approve(login, schema.UNLOCK, unlock)

    def grant(self, login: str, emergency: bytes, groups: Sequence[str] = ()) -> None:
        """Put an emergency grant in place of any other. A host looks for it when the face step cannot be carried out.

        :param groups: as :meth:`exempt`.
        """
        self._approve(login, schema.EMERGENCY, emergency, groups)

    def erase(self, login: str) -> None:
        """Remove the face and what eases its use; in a tree of our own also staff number, name and mail address.

        The tombstone stays, so that caches learn of it; login name and key groups, so that they may read it; consent,
        approval and suspension, which are a record.
        """
        dn = self._find(login, ()).dn
        self._connection.modify(dn, replace={name: [] for name in _ERASED})
        if self._tree.people_are_ours:
            # Only now: who erases may change the details of nobody who has a template.
            self._connection.modify(dn, replace=_details("", login, ""))

    def is_erased(self, person: Person) -> bool:
        """Whether :meth:`erase` has nothing left to do."""
        return person.face.erased and (not self._tree.people_are_ours or not person.described)

    def detach(self, login: str) -> None:
        """Remove everything of ours from an entry that belongs to somebody else's tree."""
        entry = self._find(login, ("objectClass",))
        self._connection.modify(
            entry.dn,
            replace={name: [] for name in (*_SEALED, schema.KEY_GROUP)},
            take={"objectClass": [schema.PERSON_CLASS.encode()]} if _is_ours(entry) else {},
        )

    def remove(self, login: str) -> None:
        """Remove the entry, in a tree of our own. Hosts that cached it keep it until it expires: bury first."""
        self._connection.remove(self._find(login, ()).dn)

    def _find(self, login: str, attributes: Sequence[str]) -> Entry:
        entry = self._connection.find(self._tree.people, equals(objectClass="person", uid=login), ("uid", *attributes))
        # The directory ignores case, width and spaces of names; only the canonical spelling is this person.
        if login.encode() not in entry.all("uid"):
            raise NotInDirectory(
                _("The directory writes the login name '{login}' differently. Use the name as NSS gives it.").format(
                    login=login
                )
            )
        return entry

    def _approve(self, login: str, attribute: str, statement: bytes, groups: Sequence[str] = ()) -> None:
        values: dict[str, Sequence[bytes]] = {attribute: schema.bounded(attribute, [statement])}
        self._write(login, values, give=_groups(groups) if groups else {})

    def _write(
        self, login: str, values: dict[str, Sequence[bytes]], *, give: Mapping[str, Sequence[bytes]] | None = None
    ) -> None:
        entry = self._find(login, ("objectClass",))
        named = {} if _is_ours(entry) else {"objectClass": [schema.PERSON_CLASS.encode()]}
        self._connection.modify(entry.dn, replace=values, give={**named, **(give or {})})


def _is_ours(entry: Entry) -> bool:
    return schema.PERSON_CLASS.lower().encode() in (value.lower() for value in entry.all("objectClass"))


def _details(staff_number: str, name: str, mail: str) -> dict[str, Sequence[bytes]]:
    # inetOrgPerson wants a surname; a name is recorded once, whole.
    return {
        "employeeNumber": [staff_number.encode()] if staff_number else [],
        "cn": [name.encode()],
        "sn": [name.encode()],
        "mail": [mail.encode()] if mail else [],
    }


def _groups(groups: Sequence[str]) -> dict[str, Sequence[bytes]]:
    return {schema.KEY_GROUP: schema.bounded(schema.KEY_GROUP, (group.encode() for group in groups))}


def _face(entry: Entry) -> SealedFace:
    return SealedFace(
        template=next(iter(schema.bounded(schema.TEMPLATE, entry.all(schema.TEMPLATE))), None),
        template_keys=schema.bounded(schema.TEMPLATE_KEY, entry.all(schema.TEMPLATE_KEY)),
        tombstone=next(iter(schema.bounded(schema.TOMBSTONE, entry.all(schema.TOMBSTONE))), None),
        exemption=next(iter(schema.bounded(schema.EXEMPTION, entry.all(schema.EXEMPTION))), None),
        unlock=next(iter(schema.bounded(schema.UNLOCK, entry.all(schema.UNLOCK))), None),
        emergency=next(iter(schema.bounded(schema.EMERGENCY, entry.all(schema.EMERGENCY))), None),
        consent=next(iter(schema.bounded(schema.CONSENT, entry.all(schema.CONSENT))), None),
        approval=next(iter(schema.bounded(schema.APPROVAL, entry.all(schema.APPROVAL))), None),
        suspension=next(iter(schema.bounded(schema.SUSPENSION, entry.all(schema.SUSPENSION))), None),
    )


def _person(entry: Entry, login: str) -> Person:
    return Person(
        login=login,
        staff_number=entry.text("employeeNumber"),
        name=entry.text("cn"),
        mail=entry.text("mail"),
        groups=tuple(sorted(value.decode("utf-8", errors="replace") for value in entry.all(schema.KEY_GROUP))),
        face=_face(entry),
        dn=entry.dn,
    )
