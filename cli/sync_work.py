"""A synchronisation at a desk: over one connection, with what looks at photos and whoever erases."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.calibration import calibrate_site
from cli.erase import Work as Erasing
from cli.manifest_desk import manifest_desk, name_in_manifest
from cli.printing import (
    counting,
    progress,
)
from cli.station import Desk
from faced.config import handed_over
from faced.directory.hosts import Hosts
from faced.enrolment.acts import Act
from faced.enrolment.erasures import ErasureRecords
from faced.enrolment.host_secret import HostKeyStore, HostSecret
from faced.enrolment.person import check_login
from faced.enrolment.register import Register
from faced.enrolment.station import Unlock
from faced.enrolment.suspending import Suspensions
from faced.enrolment.sync.brakes import Limits, check_limits
from faced.enrolment.sync.configured import limits_of, rules_of
from faced.enrolment.sync.digests import Digests
from faced.enrolment.sync.plan import WITH_PHOTO, Change, OpenCase, Plan, Step, without_photos
from faced.enrolment.sync.source import open_personnel
from faced.errors import FacedError, NotAllowed
from faced.i18n import _
from faced.trust.keys import HostKeys, decode_key_file
from faced.trust.realm import Role
from faced.trust.statement import Kind

if TYPE_CHECKING:
    from faced.enrolment.photo_reader import PhotoReader
    from faced.enrolment.sync.comparing import Comparer
    from faced.enrolment.sync.run import Synchroniser


@dataclass(frozen=True)
class Work:
    """A synchronisation at a desk, over one connection."""

    desk: Desk
    register: Register
    sync: Synchroniser

    @property
    def limits(self) -> Limits:
        """How much one run may do unapproved."""
        return limits_of(self.desk.run.config.sync)

    def plan(self, day: date | None = None) -> Plan:
        """Both sides read and compared; for another day if it is given."""
        with counting(_("People")) as count:
            return self.sync.plan(count, day)

    def check_limits(self, made: Plan) -> tuple[OpenCase, ...]:
        """Refuse a plan over the limits; people about whom nothing can be done do not count, and are given back.

        :raises NotAllowed: as :func:`faced.enrolment.sync.brakes.check_limits`.
        """
        try:
            check_limits(made, self.limits)
        except NotAllowed:
            # Whoever has no photo, or a bad one, is in every plan until there is a better one.
            unusable = self.look(made.changes)
            check_limits(without_photos(made, unusable), self.limits)
            return unusable
        return ()

    def look(self, changes: Sequence[Change]) -> tuple[OpenCase, ...]:
        """Whom the photos of these changes leave open."""
        with self._photo_tools(changes) as (reader, comparer):
            if reader is None:
                return ()
            wanted = sum(change.step in WITH_PHOTO for change in changes)
            with progress(wanted, _("Looking at photos")) as step:
                found = []
                for candidate in self.sync.look(changes, reader, comparer):
                    if candidate.case is not None:
                        found.append(candidate.case)
                    step()
                return tuple(found)

    def carry_out(
        self, changes: Sequence[Change], reason: str, manifest: Callable[[], Desk | None], eraser: Desk | None
    ) -> tuple[int, tuple[OpenCase, ...]]:
        """How many changes were done, and whom they left open.

        :param manifest: gives the desk that issues manifests, if one is at hand, when it is needed: it names who was
            suspended, and carries the threshold of a site whose people were enrolled by a handler.
        :param eraser: of the role ``revoke``, for the erasures; None where the desk itself erases.
        """
        done, open_cases, faces = 0, [], []
        suspended: dict[str, int] = {}
        if eraser is not None:
            gone = [change for change in changes if change.step is Step.ERASE]
            _erase(eraser, gone, reason)
            done, changes = len(gone), [change for change in changes if change.step is not Step.ERASE]
        with self._photo_tools(changes) as (reader, comparer), progress(len(changes), _("Synchronising")) as step:
            try:
                for result in self.sync.carry_out(changes, reader, comparer, self._recorder(reason)):
                    if result.case is not None:
                        open_cases.append(result.case)
                    else:
                        done += 1
                        faces += [result.face] if result.face is not None else []
                        suspended |= {result.change.login: result.suspended} if result.suspended else {}
                    step()
            except FacedError:
                click.echo(
                    _("Stopped after {count} changes, which stay. Run it again to complete it.").format(count=done),
                    err=True,
                )
                raise
            finally:
                if suspended:
                    name_in_manifest(manifest(), Kind.SUSPENSION, suspended)
        if faces and self.desk.key.role is Role.ENROL and (issuing := manifest()) is not None:
            people = calibrate_site(self.desk, issuing, faces, reason)
            if people:
                text = _("The threshold is set for this site now, over {count} people.")
                click.echo(text.format(count=people), err=True)
        return done, tuple(open_cases)

    def _recorder(self, reason: str) -> Any:
        return lambda act, login, why: self.desk.recorded(act, login, f"{reason} ({why})")

    @contextlib.contextmanager
    def _photo_tools(self, changes: Iterable[Change]) -> Iterator[tuple[PhotoReader | None, Comparer | None]]:
        """What looks at photos, where any must be looked at: dlib and its 100 MB file are loaded then."""
        if not any(change.step in WITH_PHOTO for change in changes):
            yield None, None
            return
        from faced.enrolment.photo_reader import PhotoReader

        compares = any(change.step is Step.RENEW and not change.same_photo for change in changes)
        comparer = self._comparer() if compares else None
        with PhotoReader(self.desk.run.predictor) as reader:
            yield reader, comparer

    def _comparer(self) -> Comparer | None:
        """This computer's keys as a PC of the realm, if it is one."""
        from faced.enrolment.sync.comparing import Comparer

        path = self.desk.run.config.host.keys
        credential = handed_over(path, os.environ)
        try:
            if credential is not None:
                keys = HostKeys.from_content(decode_key_file(credential.read_bytes()))
            else:
                keys = HostKeyStore(HostSecret(path)).read()
            statement = Hosts(self.register.connection, self.desk.tree).read(keys.name).statement
            return Comparer(self.register.verifier, keys, statement) if statement is not None else None
        except FacedError:
            return None


def _erase(desk: Desk, changes: Sequence[Change], reason: str) -> None:
    """As `facectl erase` does it: death notices, removal, all servers read back."""
    if not changes:
        return
    with desk.connect() as connection, contextlib.ExitStack() as acts:
        register = Register(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
        for change in changes:
            acts.enter_context(desk.recorded(Act.ERASE, change.login, f"{reason} ({change.why})"))
        people = [register.people.find(change.login) for change in changes]
        for replica in Erasing(desk, register, people, reason, decision="").do():
            if replica.fault:
                click.echo(_("WARNING: {warning}").format(warning=f"{replica.server}: {replica.fault}"), err=True)


def manifest_at_hand(desk: Desk, unlock: Unlock, *, unattended: bool) -> Desk | None:
    """The desk that issues manifests; a timer asks nobody for a passphrase."""
    station = desk.station
    if unattended and all(station.is_protected(name, Role.MANIFEST) for name in station.keys_in(Role.MANIFEST)):
        return None
    return manifest_desk(desk, unlock)


@contextlib.contextmanager
def at_work(desk: Desk, source: str | None, accepted: Iterable[str]) -> Iterator[Work]:
    """Connected to the directory; the source is read when it is asked for.

    :param accepted: login names about whom the handler decided that the record is right.
    """
    from faced.enrolment.sync.run import Synchroniser

    run = desk.run
    personnel = open_personnel(run.config, source)
    with desk.connect() as connection:
        verifier = desk.station.verifier(run.now)
        register = Register(connection, desk.tree, verifier, desk.key)
        sync = Synchroniser(
            personnel,
            register,
            Suspensions(connection, desk.tree, verifier, desk.key),
            ErasureRecords(desk.station, verifier),
            Digests(desk.station.digests_key()),
            rules_of(run.config.sync),
            frozenset(check_login(login) for login in accepted),
        )
        yield Work(desk, register, sync)
