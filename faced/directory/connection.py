"""What is asked over a connection: searches and changes with a deadline, a size and an exact meaning.

One hit is one hit, and a list is the whole list or an error. Referrals are never followed. Connections are made by
:mod:`faced.directory.connector`.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faced.directory.transport import LIBRARY_ERRORS, BoundedSocket, Deadline, close, explain, is_verified, ldap3
from faced.errors import AmbiguousEntry, DirectoryError, DirectoryUnavailable, NotAllowed, NotInDirectory
from faced.i18n import _

_SUCCESS, _SIZE_LIMIT, _EXISTS_VALUE = 0, 4, 20
_NO_VALUE, _CONSTRAINT, _NO_OBJECT, _NO_ACCESS, _EXISTS = 16, 19, 32, 50, 68
_TRUNCATED = {3, 4, 11}
_UNAVAILABLE = {51, 52, 80}
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

Values = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True)
class Limits:
    """What an answer may have: bytes in a value, values in an attribute, bytes in one answer (a page of a list)."""

    value_bytes: int = 64 * 1024
    values: int = 256
    answer_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """An entry as the server gave it. Attribute names are in lower case."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def all(self, name: str) -> tuple[bytes, ...]:
        """All values of an attribute, none if it is absent."""
        return self.attributes.get(name.lower(), ())

    def one(self, name: str) -> bytes | None:
        """The value of an attribute that has one, None if it is absent.

        :raises DirectoryError: it has several.
        """
        values = self.all(name)
        if len(values) > 1:
            raise DirectoryError(
                _("The entry {dn} has {count} values of {name}; it must have one.").format(
                    dn=self.dn, count=len(values), name=name
                ),
                reason="several_values",
            )
        return values[0] if values else None

    def text(self, name: str) -> str:
        """The first value of an attribute as text, empty if it is absent or not UTF-8."""
        values = self.all(name)
        return values[0].decode("utf-8", errors="replace") if values else ""


class Connection:
    """A bound, verified connection; a context manager. For one thread at a time."""

    def __init__(
        self,
        raw: Any,
        url: str,
        limits: Limits,
        whole: Deadline | None,
        timeout_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._raw = raw
        #: The server at the other end.
        self.url = url
        self._limits = limits
        self._whole = whole
        self._timeout_s = timeout_s
        self._monotonic = monotonic

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; never fails."""
        close(self._raw)

    def read(self, dn: str, attributes: Sequence[str]) -> Entry:
        """The entry of this name.

        :raises NotInDirectory: there is none, or this account may not see it.
        :raises DirectoryError: as :meth:`find`.
        """
        return self._exactly_one(dn, "(objectClass=*)", attributes, ldap3.BASE)

    def find(self, base: str, filter_text: str, attributes: Sequence[str]) -> Entry:
        """The one entry below ``base`` that a filter describes. Build the filter with :func:`equals`.

        :raises NotInDirectory: there is none.
        :raises AmbiguousEntry: there are several.
        :raises DirectoryError: ``oversize``: a value is larger than allowed; or the server refused.
        :raises DirectoryUnavailable: the connection broke or the deadline passed; ``oversize``: the answer as a whole
            is larger than allowed, and the connection is closed.
        """
        return self._exactly_one(base, filter_text, attributes, ldap3.SUBTREE)

    def find_all(
        self,
        base: str,
        filter_text: str,
        attributes: Sequence[str],
        *,
        page_size: int = 250,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Entry]:
        """All entries below ``base`` that a filter describes, page by page.

        Whatever makes the list end early raises: an exhausted iterator has given every entry.

        :param progress: called after each page with the number of entries so far.
        :raises DirectoryError: as :meth:`find`; reason ``truncated`` when the server stops before the end.
        """
        cookie: bytes | None = None
        count = 0
        while True:
            self._search(base, filter_text, attributes, ldap3.SUBTREE, paged_size=page_size, paged_cookie=cookie)
            self._check(base)
            entries = self._entries(base)
            count += len(entries)
            control = (self._raw.result.get("controls") or {}).get(_PAGED_RESULTS)
            if control is None:
                raise DirectoryError(
                    _("{url} does not answer in pages, so nobody can tell whether a list is whole.").format(
                        url=self.url
                    ),
                    reason="truncated",
                )
            yield from entries
            if progress is not None:
                progress(count)
            cookie = control["value"]["cookie"]
            if not cookie:
                return

    def add(self, dn: str, classes: Sequence[str], attributes: Values) -> None:
        """Make an entry.

        :raises NotAllowed: this account may not.
        :raises DirectoryError: reason ``exists``, or what the server said.
        """
        with self._operation():
            self._raw.add(dn, list(classes), {name: list(values) for name, values in attributes.items() if values})
        self._check(dn)

    def modify(
        self, dn: str, *, replace: Values | None = None, give: Values | None = None, take: Values | None = None
    ) -> None:
        """Change an entry in one step: all of it or, with an error, nothing.

        :param replace: values in place of all that the attribute has; none removes it, if it is there.
        :param take: values removed from those that the attribute has, before any is given.
        :param give: values added to those that the attribute has.
        :raises NotInDirectory, NotAllowed, DirectoryError: as :meth:`add`; ``no_such_value`` for a value to be removed
            that is not there (any more), ``constraint`` for a second value where there may be one.
        """
        changes: dict[str, list[tuple[str, list[bytes]]]] = {}
        for kind, wanted in ((ldap3.MODIFY_REPLACE, replace), (ldap3.MODIFY_DELETE, take), (ldap3.MODIFY_ADD, give)):
            for name, values in (wanted or {}).items():
                changes.setdefault(name, []).append((kind, list(values)))
        with self._operation():
            self._raw.modify(dn, changes)
        self._check(dn)

    def remove(self, dn: str) -> None:
        """Remove an entry.

        :raises NotInDirectory, NotAllowed, DirectoryError: as :meth:`add`.
        """
        with self._operation():
            self._raw.delete(dn)
        self._check(dn)

    def _exactly_one(self, base: str, filter_text: str, attributes: Sequence[str], scope: str) -> Entry:
        self._search(base, filter_text, attributes, scope, size_limit=2)
        if self._raw.result["result"] != _SIZE_LIMIT:
            self._check(base)
        entries = self._entries(base)
        if not entries:
            raise NotInDirectory(_("There is no such entry in the directory below {base}.").format(base=base))
        if len(entries) > 1:
            raise AmbiguousEntry(
                _("Several entries below {base} answer to {what}. Only one may.").format(base=base, what=filter_text)
            )
        return entries[0]

    def _search(self, base: str, filter_text: str, attributes: Sequence[str], scope: str, **more: Any) -> None:
        with self._operation() as deadline:
            self._raw.search(
                base,
                filter_text,
                scope,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(attributes) or [ldap3.NO_ATTRIBUTES],
                time_limit=max(1, math.ceil(deadline.remaining_s())),
                paged_criticality="paged_size" in more,
                **more,
            )

    @contextlib.contextmanager
    def _operation(self) -> Iterator[Deadline]:
        deadline = self._whole or Deadline(self._timeout_s, self._monotonic)
        # ldap3 lets go of its socket when anything fails.
        bounded = self._raw.socket
        try:
            if self._raw.closed or not is_verified(bounded):
                raise OSError("connection closed")
            bounded.begin(deadline)
            yield deadline
            if not isinstance(self._raw.result, dict) or "result" not in self._raw.result:
                raise OSError("no answer")
        except LIBRARY_ERRORS as error:
            self.close()
            oversize = isinstance(bounded, BoundedSocket) and bounded.exceeded
            raise DirectoryUnavailable(explain(self.url, error), reason="oversize" if oversize else None) from None

    def _entries(self, base: str) -> list[Entry]:
        entries = []
        for response in self._raw.response or ():
            if response["type"] != "searchResEntry":
                raise DirectoryError(
                    _(
                        "Part of {base} is on another server, which is not asked. Name that server or another base."
                    ).format(base=base),
                    reason="referral",
                )
            entry = Entry(
                response["dn"], {name.lower(): tuple(values) for name, values in response["raw_attributes"].items()}
            )
            for name, values in entry.attributes.items():
                if len(values) > self._limits.values or any(len(value) > self._limits.value_bytes for value in values):
                    raise DirectoryError(
                        _("The attribute {name} of {dn} is larger than anything we would have written.").format(
                            name=name, dn=entry.dn
                        ),
                        reason="oversize",
                    )
            entries.append(entry)
        return entries

    def _check(self, dn: str) -> None:
        code = self._raw.result["result"]
        if code == _SUCCESS:
            return
        why = self._raw.result["description"]
        if code == _NO_OBJECT:
            raise NotInDirectory(_("There is no entry {dn} in the directory.").format(dn=dn))
        if code == _NO_ACCESS:
            raise NotAllowed(_("The directory does not allow this account to do that at {dn}.").format(dn=dn))
        if code == _NO_VALUE:
            raise DirectoryError(
                _("A value of {dn} was changed meanwhile. Nothing was done; try again.").format(dn=dn),
                reason="no_such_value",
            )
        if code in _TRUNCATED:
            raise DirectoryError(
                _("{url} stopped before the end ({why}). Raise its limit for this account.").format(
                    url=self.url, why=why
                ),
                reason="truncated",
            )
        if code in (_EXISTS, _EXISTS_VALUE):
            raise DirectoryError(_("{dn} is in the directory already.").format(dn=dn), reason="exists")
        if code in _UNAVAILABLE:
            raise DirectoryUnavailable(_("{url} cannot serve just now: {why}.").format(url=self.url, why=why))
        reason = "constraint" if code == _CONSTRAINT else None
        raise DirectoryError(
            _("{url} refused a request about {dn}: {why}.").format(url=self.url, dn=dn, why=why), reason=reason
        )


def equals(**attributes: str) -> str:
    """A filter for entries with exactly these values, which are escaped (RFC 4515).

    ``equals(objectClass="person", uid="tanaka")`` is ``(&(objectClass=person)(uid=tanaka))``.
    """
    parts = [f"({name}={ldap3.utils.conv.escape_filter_chars(value)})" for name, value in attributes.items()]
    return parts[0] if len(parts) == 1 else f"(&{''.join(parts)})"
