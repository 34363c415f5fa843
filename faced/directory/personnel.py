"""The staff as the personnel section has them: one record a person, and the photo when it is asked for.

Read only. What is wrong with one person is a fault of that record; what puts the list in doubt is an error, and then
there is no list.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from faced.config import AttributesConfig, PersonnelConfig, handed_over
from faced.directory.connection import Connection, Entry, Limits
from faced.directory.connector import Account, Connector
from faced.directory.dates import read_day, read_moment
from faced.directory.details import is_login, is_mail, is_name, is_staff_number
from faced.directory.password import read_password
from faced.directory.transport import Deadline, ldap3
from faced.errors import AccountRefused, ConfigError, DirectoryError, DirectoryUnavailable, NotInDirectory
from faced.i18n import _

#: Ten times a large town hall: more is another filter's answer, not a staff.
MOST_PEOPLE = 100_000
_LONGEST_VALUE = 1024
#: A page of 250 entries has 0.1 MB; slapd takes no entry above 4 MB from a client.
_PAGE = Limits(value_bytes=32 * 1024**2, values=100_000, answer_bytes=32 * 1024**2)
_BESIDE_A_PHOTO = 64 * 1024
#: The list as a whole may take so many times the timeout of a page.
_LIST_TIMEOUTS = 30
_EXACT_STAMP, _COARSE_STAMPS = "entryCSN", ("modifyTimestamp", "whenChanged")
_STAMPS = ("entryUUID", _EXACT_STAMP, *_COARSE_STAMPS)
#: A stamp in whole seconds says nothing about a second change in the same one; clocks differ.
_STAMP_RIPE_S = 120


class RecordFault(StrEnum):
    """Why a record cannot be used as it is there."""

    NO_LOGIN = "no_login"
    LOGIN = "login"
    NO_STAFF_NUMBER = "no_staff_number"
    STAFF_NUMBER = "staff_number"
    NO_NAME = "no_name"
    NAME = "name"
    MAIL = "mail"
    SEVERAL_VALUES = "several_values"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    DATE = "date"
    DUPLICATE_LOGIN = "duplicate_login"
    DUPLICATE_STAFF_NUMBER = "duplicate_staff_number"


class PhotoFault(StrEnum):
    """Why a photo is not handed out, where the words of :class:`faced.enrolment.file_refusal.Fault` do not say it."""

    TOO_LARGE = "photo_too_large"
    SEVERAL = "several_photos"
    #: The record is not the one any more that was listed; the next run sees the new one.
    CHANGED = "changed_meanwhile"


@dataclass(frozen=True)
class UnusablePhoto:
    """There is a photo, and it is not handed out.

    :param reason: a :class:`PhotoFault`, or why the file cannot be read.
    """

    reason: str


@dataclass(frozen=True)
class PersonnelRecord:
    """One person as the personnel section has them.

    Texts are as they are there, without spaces around them; "" if missing or not to be read (then a fault says so).

    :param starts: first day of the employment, where the source knows it.
    :param ends: last day of the employment.
    :param revision: changes whenever anything of the record, or its photo, may have changed; b"" if nobody can tell.
    :param key: asks for the photo.
    :param faults: the words of :class:`RecordFault` that hold. Such a person is there all the same: nobody who left.
    """

    login: str
    staff_number: str
    name: str
    mail: str
    category: str
    starts: date | None
    ends: date | None
    revision: bytes
    key: str
    faults: tuple[str, ...] = ()


class Personnel(Protocol):
    """Where the staff come from."""

    def records(self, *, progress: Callable[[int], None] | None = None) -> tuple[PersonnelRecord, ...]:
        """Everybody, or an error: never a part. No photo is read.

        :param progress: called with the number read so far.
        :raises DirectoryUnavailable: the source cannot be reached, verified, or breaks off.
        :raises DirectoryError: ``truncated``, ``too_many``, ``referral``, ``oversize``, or what the server said.
        :raises StateError: a staff list cannot be read.
        """

    def photos(self, keys: Sequence[str]) -> Generator[tuple[str, bytes | UnusablePhoto | None], None, None]:
        """The photos of these records, in this order; one at a time is in memory.

        None: there is no photo (any more). Close the iterator when leaving it early.

        :raises DirectoryUnavailable: the source is away, and was so again after connecting anew.
        """

    def pictured(self) -> frozenset[str]:
        """The keys of the records that have a photo; no photo is read. Errors as :meth:`records`."""


def record_of(
    values: Mapping[str, str], *, revision: bytes, key: str, unread: Mapping[str, RecordFault] | None = None
) -> PersonnelRecord:
    """A record, judged by itself.

    :param values: by the names of :class:`PersonnelRecord`; what is missing is left out.
    :param unread: what could not be read, and why.
    """
    unread = unread or {}
    texts = {name: values.get(name, "").strip() for name in ("login", "staff_number", "name", "mail", "category")}
    faults = [*unread.values(), *_form_faults({name: text for name, text in texts.items() if name not in unread})]
    days: dict[str, date | None] = {}
    for name in ("starts", "ends"):
        text = values.get(name, "").strip()
        try:
            days[name] = read_day(text) if text else None
        except ValueError:
            days[name] = None
            faults.append(RecordFault.DATE)
    if days["starts"] and days["ends"] and days["starts"] > days["ends"]:
        faults.append(RecordFault.DATE)
    return PersonnelRecord(
        **texts,
        starts=days["starts"],
        ends=days["ends"],
        revision=revision,
        key=key,
        faults=tuple(dict.fromkeys(fault.value for fault in faults)),
    )


def _form_faults(texts: Mapping[str, str]) -> Iterator[RecordFault]:
    needed = (
        ("login", is_login, RecordFault.NO_LOGIN, RecordFault.LOGIN),
        ("staff_number", is_staff_number, RecordFault.NO_STAFF_NUMBER, RecordFault.STAFF_NUMBER),
        ("name", is_name, RecordFault.NO_NAME, RecordFault.NAME),
    )
    for name, has_form, missing, malformed in needed:
        if name in texts and not texts[name]:
            yield missing
        elif name in texts and not has_form(texts[name]):
            yield malformed
    if texts.get("mail") and not is_mail(texts["mail"]):
        yield RecordFault.MAIL


def with_duplicates(records: Sequence[PersonnelRecord]) -> tuple[PersonnelRecord, ...]:
    """The records, each with a fault if another has its login name or staff number, or the one as the other.

    Photos are named by either; spellings that differ in case are the same for a directory.
    """
    owners = Counter(
        name for record in records for name in {record.login.casefold(), record.staff_number.casefold()} if name
    )

    def judged(record: PersonnelRecord) -> PersonnelRecord:
        more = []
        if owners[record.login.casefold()] > 1:
            more.append(RecordFault.DUPLICATE_LOGIN.value)
        if owners[record.staff_number.casefold()] > 1:
            more.append(RecordFault.DUPLICATE_STAFF_NUMBER.value)
        return dataclasses.replace(record, faults=(*record.faults, *more)) if more else record

    return tuple(judged(record) for record in records)


class LdapPersonnel:
    """The personnel section's LDAP directory. For one thread at a time."""

    def __init__(
        self,
        config: PersonnelConfig,
        password: str,
        *,
        most_photo_bytes: int,
        most_people: int = MOST_PEOPLE,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param most_photo_bytes: a larger photo is not handed out.
        :param clock: unix seconds, to know a change that is too young to be told from the next.
        :raises ConfigError: no servers, no base, no account, or a filter that is none.
        """
        _check_complete(config)
        self._config = config
        self._most_photo_bytes = most_photo_bytes
        self._most_people = most_people
        self._clock = clock
        self._monotonic = monotonic
        account = Account(config.bind_dn, password)

        def connector(limits: Limits) -> Connector:
            return Connector(
                config.servers, config.ca_file, account, timeout_s=config.timeout_s, limits=limits, monotonic=monotonic
            )

        self._lists = connector(_PAGE)
        # Above the limit of a photo, so that one that is a little too large is refused without losing the connection.
        self._pictures = connector(
            Limits(value_bytes=most_photo_bytes, answer_bytes=most_photo_bytes + _BESIDE_A_PHOTO)
        )
        self._wanted = _wanted(config.attributes)
        self._revisions: dict[str, bytes] = {}

    @classmethod
    def configured(cls, config: PersonnelConfig, *, most_photo_bytes: int) -> LdapPersonnel:
        """With the password of the configured file.

        :raises ConfigError: as the constructor, or there is no password.
        """
        _check_complete(config)
        if handed_over(config.password, os.environ) is None and not os.path.lexists(config.password):
            raise ConfigError(
                _(
                    "There is no password {path} for the personnel section's directory. Write it there, chmod 600."
                ).format(path=config.password)
            )
        return cls(config, read_password(config.password), most_photo_bytes=most_photo_bytes)

    def records(self, *, progress: Callable[[int], None] | None = None) -> tuple[PersonnelRecord, ...]:
        """As :meth:`Personnel.records`."""
        names = (*dict.fromkeys(self._wanted.values()), *_STAMPS)
        records = tuple(self._record(entry) for entry in self._list(self._config.filter, names, progress))
        self._revisions = {record.key: record.revision for record in records}
        return with_duplicates(records)

    def photos(self, keys: Sequence[str]) -> Generator[tuple[str, bytes | UnusablePhoto | None], None, None]:
        """As :meth:`Personnel.photos`, over one connection."""
        if not keys:
            return
        connection = _let_in(self._pictures, self._config)
        try:
            for key in keys:
                try:
                    photo = self._photo(connection, key)
                except DirectoryUnavailable:
                    connection.close()
                    connection = _let_in(self._pictures, self._config)
                    photo = self._photo(connection, key)
                yield key, photo
        finally:
            connection.close()

    def pictured(self) -> frozenset[str]:
        """As :meth:`Personnel.pictured`."""
        photo = self._config.attributes.photo
        return frozenset(entry.dn for entry in self._list(f"(&{self._config.filter}({photo}=*))", (), None))

    def _list(self, filter_text: str, names: Sequence[str], progress: Callable[[int], None] | None) -> Iterator[Entry]:
        config = self._config
        whole = Deadline(config.timeout_s * _LIST_TIMEOUTS, self._monotonic)

        def page(count: int) -> None:
            try:
                whole.remaining_s()
            except TimeoutError:
                raise DirectoryUnavailable(
                    _("The personnel section's directory takes too long for its list. Nothing was done.")
                ) from None
            if progress is not None:
                progress(count)

        with _let_in(self._lists, config) as connection:
            found = connection.find_all(config.base, filter_text, names, page_size=config.page_size, progress=page)
            for count, entry in enumerate(found):
                if count >= self._most_people:
                    raise DirectoryError(
                        _(
                            "More than {most} entries below {base} answer to {filter}. Describe the staff more closely."
                        ).format(most=self._most_people, base=config.base, filter=config.filter),
                        reason="too_many",
                    )
                yield entry

    def _record(self, entry: Entry) -> PersonnelRecord:
        values: dict[str, str] = {}
        unread: dict[str, RecordFault] = {}
        for name, attribute in self._wanted.items():
            found = entry.all(attribute)
            if not found:
                continue
            if len(found) > 1:
                unread[name] = RecordFault.SEVERAL_VALUES
            elif len(found[0]) > _LONGEST_VALUE:
                unread[name] = RecordFault.TOO_LARGE
            else:
                try:
                    values[name] = found[0].decode()
                except UnicodeDecodeError:
                    unread[name] = RecordFault.NOT_TEXT
        return record_of(values, revision=self._revision(entry), key=entry.dn, unread=unread)

    def _revision(self, entry: Entry) -> bytes:
        """Which entry it is, when it was changed, and which of its attributes is the photo."""
        identity = (self._config.attributes.photo.encode(), b"".join(entry.all("entryUUID")))
        if exact := entry.all(_EXACT_STAMP):
            return b"\0".join((*identity, exact[0]))
        coarse = next((entry.all(name)[0] for name in _COARSE_STAMPS if entry.all(name)), b"")
        try:
            age_s = self._clock() - read_moment(coarse.decode("ascii")).timestamp()
        except ValueError:
            return b""
        return b"\0".join((*identity, coarse)) if age_s >= _STAMP_RIPE_S else b""

    def _photo(self, connection: Connection, key: str) -> bytes | UnusablePhoto | None:
        attribute = self._config.attributes.photo
        try:
            entry = connection.read(key, (attribute, *_STAMPS))
        except NotInDirectory:
            return None
        except DirectoryError as error:
            if error.reason != "oversize":
                raise
            return UnusablePhoto(PhotoFault.TOO_LARGE)
        listed = self._revisions.get(key)
        if listed and listed != self._revision(entry):
            return UnusablePhoto(PhotoFault.CHANGED)
        return photo_in(entry, attribute)


def photo_in(entry: Entry, attribute: str) -> bytes | UnusablePhoto | None:
    """The one photo of an entry, with or without the transfer option that some schemas ask for (RFC 4522)."""
    values = (*entry.all(attribute), *entry.all(f"{attribute};binary"))
    if len(values) > 1:
        return UnusablePhoto(PhotoFault.SEVERAL)
    return values[0] if values else None


def _check_complete(config: PersonnelConfig) -> None:
    for key, value in (("servers", config.servers), ("base", config.base), ("bind_dn", config.bind_dn)):
        if not value:
            raise ConfigError(
                _("The personnel section's directory is not configured: {key} is missing under [personnel].").format(
                    key=key
                )
            )
    try:
        ldap3.operation.search.parse_filter(config.filter, None, True, None, None, False)
    except ldap3.core.exceptions.LDAPInvalidFilterError:
        raise ConfigError(
            _("[personnel] filter: '{filter}' is not an LDAP filter such as (objectClass=inetOrgPerson).").format(
                filter=config.filter
            )
        ) from None


def _wanted(attributes: AttributesConfig) -> dict[str, str]:
    """Name of the record -> attribute; without the photo."""
    named = dataclasses.asdict(attributes)
    del named["photo"]
    return {name: attribute for name, attribute in named.items() if attribute}


def _let_in(connector: Connector, config: PersonnelConfig) -> Connection:
    try:
        return connector.connect()
    except AccountRefused:
        raise AccountRefused(
            _(
                "The personnel section's directory refused the account {dn}. "
                "Check bind_dn and the password file {path}."
            ).format(dn=config.bind_dn, path=config.password)
        ) from None
