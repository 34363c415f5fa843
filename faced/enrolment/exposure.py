"""Whose face data a computer could open, and what was done about it.

A computer can open every template of its key groups. Of those it keeps what belongs to people who logged on there, and
who they were is known to its cache alone: the whole group counts as exposed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from faced.directory.hosts import Hosts
from faced.directory.people import Person
from faced.enrolment.acts import ActRecord
from faced.enrolment.revoking import find
from faced.errors import DirectoryError, TrustError
from faced.i18n import _
from faced.trust.realm import Manifest
from faced.trust.statement import parse


@dataclass(frozen=True)
class HostExposure:
    """``groups``: those of its record and of its entry; ``people``: everybody in them who has a template."""

    name: str
    revoked: bool
    groups: tuple[str, ...]
    people: tuple[Person, ...]
    acts: tuple[ActRecord, ...]


def exposure_of(
    name: str, manifest: Manifest, hosts: Hosts, people: Iterable[Person], acts: Iterable[ActRecord]
) -> HostExposure:
    """What a computer could open.

    :param people: everybody who was ever enrolled.
    :raises DirectoryError: ``no_such_host``: nothing is known about a computer of this name.
    """
    host, told = find(hosts, name), tuple(act for act in acts if act.subject == name)
    revoked = name in manifest.revoked_hosts
    if host is None and not told and not revoked:
        raise DirectoryError(
            _("There is no computer {name}. 'facectl host list' shows the names.").format(name=name),
            reason="no_such_host",
        )
    groups = frozenset(host.groups) | _signed_groups(host.statement) if host is not None else frozenset()
    exposed = tuple(
        sorted(
            (person for person in people if person.face.template is not None and groups & set(person.groups)),
            key=lambda person: person.login,
        )
    )
    return HostExposure(name, revoked, tuple(sorted(groups)), exposed, told)


def _signed_groups(statement: bytes | None) -> frozenset[str]:
    """What the record says; it only adds to the suspicion, so it need not be valid any more."""
    if statement is None:
        return frozenset()
    try:
        groups = parse(statement).unverified.body.get("groups")
    except TrustError:
        return frozenset()
    return frozenset(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else frozenset()
