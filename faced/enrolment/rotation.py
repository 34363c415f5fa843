"""The change of the epochs: new key pairs, face data wrapped for them, computers given their private halves, old ones
destroyed.

Every step finds out for itself what is still to be done, and nothing is destroyed before everything else is done: a
rotation that was cut off anywhere is completed by the next one. The order is what keeps everybody able to log on:
private halves on the disk, epochs in the manifest, keys of the face data, statements of the computers; old keys go in
the same order after their overlap.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from nacl import utils
from nacl.public import PrivateKey

from faced.directory.hosts import Host, Hosts
from faced.directory.people import KeyHolder, People
from faced.enrolment.admission import readmit
from faced.enrolment.fiscal_year import OVERLAP, FiscalYear
from faced.enrolment.manifest import epoch_of, epochs_to_seal_to, next_manifest
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, NotInDirectory, TrustError
from faced.i18n import _
from faced.trust.keys import KEY_SIZE
from faced.trust.realm import Epoch, Manifest, Verifier
from faced.trust.sealed import TemplateKey, rewrap
from faced.units import HOUR_S

#: After a leak the old epoch holds for this much longer: computers that are switched on must hear of the new one first.
LEAK_OVERLAP_S = HOUR_S
#: How often the keys of a person are read again when somebody else changed them meanwhile.
_RETRIES = 3

EpochName = tuple[str, int]
Step = Callable[[], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Begun:
    """The operate key with the private halves of the epochs to begin, and the manifest's epochs with them."""

    key: RoleKey
    epochs: tuple[Epoch, ...]
    names: tuple[EpochName, ...]


@dataclass
class Tally:
    """What was done, or in a dry run would be.

    ``unopened``: login names of people some of whose keys open with none of ours; ``behind``: computers that have no
    box key for the newest epoch yet; ``refused``: why a computer gets no statement, by its name.
    """

    rewrapped: int = 0
    kept: int = 0
    unopened: list[str] = field(default_factory=list)
    reissued: int = 0
    renewed: int = 0
    current: int = 0
    behind: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count what another connection did too."""
        self.rewrapped += other.rewrapped
        self.kept += other.kept
        self.unopened += other.unopened
        self.reissued += other.reissued
        self.renewed += other.renewed
        self.current += other.current
        self.behind += other.behind
        self.refused |= other.refused


def begin(
    key: RoleKey,
    manifest: Manifest,
    now: int,
    *,
    leaked: Collection[str] = (),
    random: Callable[[int], bytes] = utils.random,
) -> Begun:
    """What has to be begun now: the epochs of each fiscal year that holds, and fresh ones for groups that leaked.

    What a rotation before this one made and did not publish is taken up, not made again.

    :param leaked: key groups whose epochs are replaced within :data:`LEAK_OVERLAP_S`.
    :raises TrustError: ``wrong_group``: the realm has no such group; ``wrong_key``: the manifest names an epoch whose
        private half is not here.
    """
    live = [epoch for epoch in manifest.epochs if epoch.not_after > now]
    check_held(key, live)
    groups = sorted({epoch.group for epoch in manifest.epochs} | {group for group, _number in key.epochs})
    unknown = sorted(set(leaked) - set(groups))
    if unknown:
        raise TrustError(
            _("The realm has no key group '{group}'. 'facectl realm show' lists them.").format(group=unknown[0]),
            reason="wrong_group",
        )
    halves, names = dict(key.epochs), []
    due = {FiscalYear.at(now), FiscalYear.at(now + _OVERLAP_S)}
    for group in groups:
        numbers: dict[FiscalYear, list[int]] = {}
        for epoch in live:
            if epoch.group == group:
                numbers.setdefault(FiscalYear.of_epoch(epoch.number), []).append(epoch.number)
        # A leak that is dealt with already has two epochs in its year: it is completed, not begun once more.
        leaking = {year for year, found in numbers.items() if len(found) == 1} if group in leaked else set()
        for year in sorted((due - set(numbers)) | leaking):
            number = _number_after(year, max(numbers.get(year, ()), default=None))
            halves.setdefault((group, number), PrivateKey(random(KEY_SIZE)))
            names.append((group, number))
    fresh = [epoch_of(group, number, bytes(halves[group, number].public_key)) for group, number in names]
    cut = [_cut(epoch, fresh, now) for epoch in live]
    return Begun(dataclasses.replace(key, epochs=halves), (*cut, *fresh), tuple(names))


def begun_manifest(previous: Manifest, begun: Begun, now: int) -> Manifest:
    """The next manifest, with these epochs."""
    return dataclasses.replace(next_manifest(previous, now), epochs=begun.epochs)


def over(key: RoleKey, manifest: Manifest, now: int) -> tuple[EpochName, ...]:
    """The epochs whose private halves are to be destroyed: their year is over, or another took their place.

    A half that was made and not published yet is not over: the next rotation takes it up.
    """
    live = {(epoch.group, epoch.number) for epoch in manifest.epochs if epoch.not_after > now}

    def is_over(name: EpochName) -> bool:
        group, number = name
        year = FiscalYear.of_epoch(number)
        replaced = any(other > number for held, other in live if held == group and FiscalYear.of_epoch(other) == year)
        return name not in live and (replaced or year.ends + _OVERLAP_S <= now)

    return tuple(sorted(filter(is_over, key.epochs)))


def destroyed(key: RoleKey, names: Collection[EpochName]) -> RoleKey:
    """The key without the private halves of these epochs."""
    return dataclasses.replace(key, epochs={name: private for name, private in key.epochs.items() if name not in names})


class Rotation:
    """What is done for people and computers over one connection, under the manifest that is in force; counts it."""

    def __init__(self, verifier: Verifier, key: RoleKey, people: People, hosts: Hosts, *, write: bool = True) -> None:
        """
        :param verifier: with a manifest.
        :param write: False counts what would be done.
        :raises TrustError: as :func:`check_held`.
        """
        self.people = people
        self.hosts = hosts
        self.tally = Tally()
        self._verifier = verifier
        self._key = key
        self._write = write
        check_held(key, [epoch for epoch in self._manifest.epochs if epoch.not_after > verifier.now])
        self._newest = max((FiscalYear.of_epoch(epoch.number).number for epoch in self._manifest.epochs), default=0)
        self._targets: dict[str, list[Epoch]] = {}
        for epoch in epochs_to_seal_to(self._manifest, verifier.now):
            self._targets.setdefault(epoch.group, []).append(epoch)

    def wrap(self, holder: KeyHolder) -> None:
        """Give a person's template the keys of the epochs in force, and take those of epochs that are over.

        :raises DirectoryError: the directory refused; ``no_such_value``: somebody else changes the entry all the time.
        """
        for _again in range(_RETRIES):
            keys, whole = self._wrapped(holder.keys)
            try:
                if keys != holder.keys and self._write:
                    self.people.exchange_keys(holder, keys)
            except NotInDirectory:
                return
            except DirectoryError as error:
                if error.reason != "no_such_value":
                    raise
                holder = self.people.keys_of(holder)
                if not holder.keys:
                    return
            else:
                self.tally.rewrapped += keys != holder.keys
                self.tally.kept += keys == holder.keys
                if not whole:
                    self.tally.unopened.append(holder.login)
                return
        raise DirectoryError(
            _("The keys of {login} change all the time. Find out who writes them, then do it again.").format(
                login=holder.login
            ),
            reason="no_such_value",
        )

    def give(self, host: Host) -> None:
        """Give a computer a statement with the epochs in force, sealed to its box key of that year.

        :raises DirectoryError: the directory refused.
        """
        try:
            admitted = readmit(self._verifier, self._key, host)
        except TrustError as error:
            self.tally.refused[host.name] = error.reason
            if error.reason == "not_renewed":
                self.tally.behind.append(host.name)
            return
        if admitted.box_epoch < self._newest:
            self.tally.behind.append(host.name)
        if admitted.statement is None:
            self.tally.current += 1
            return
        self.tally.reissued += 1
        self.tally.renewed += admitted.renewed
        if self._write and admitted.renewed:
            self.hosts.approve(host.name, admitted.statement, admitted.groups)
        elif self._write:
            self.hosts.reissue(host.name, admitted.statement)

    @property
    def _manifest(self) -> Manifest:
        assert self._verifier.manifest is not None  # noqa: S101 - made with one
        return self._verifier.manifest

    def _wrapped(self, values: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], bool]:
        """The keys that a template should have, and whether all of them could be made.

        What cannot be read stays: whoever damaged it may be found by it, and it opens nothing.
        """
        held: dict[tuple[bytes, str], dict[int, tuple[TemplateKey, bytes]]] = {}
        kept, whole = [], True
        for value in values:
            try:
                key = TemplateKey.parse(value)
            except TrustError:
                kept.append(value)
                whole = False
                continue
            held.setdefault((key.template, key.group), {})[key.epoch] = (key, value)
            epoch = self._manifest.epoch(key.group, key.epoch)
            if epoch is not None and epoch.not_after > self._verifier.now:
                kept.append(value)
        for (_template, group), keys in held.items():
            for epoch in self._targets.get(group, []):
                if epoch.number not in keys:
                    made = next(self._made([key for key, _value in keys.values()], epoch), None)
                    whole = whole and made is not None
                    kept += [] if made is None else [made]
        return tuple(kept), whole

    def _made(self, keys: Sequence[TemplateKey], epoch: Epoch) -> Iterator[bytes]:
        for key in keys:
            private = self._key.epochs.get((key.group, key.epoch))
            if private is not None:
                try:
                    yield rewrap(key, private, epoch)
                except TrustError:
                    continue


def spread(items: Iterable[T], workers: Sequence[Callable[[T], None]], step: Step) -> None:
    """Work the items off, each worker in a thread of its own; after the first error nobody takes another item.

    A directory that writes every change through to its disk serves several connections in less time than one.

    :param step: called after each item, by one thread at a time.
    """
    todo, lock, stop = iter(items), threading.Lock(), threading.Event()

    def work(worker: Callable[[T], None]) -> None:
        try:
            while not stop.is_set():
                with lock:
                    item = next(todo, None)
                if item is None:
                    return
                worker(item)
                with lock:
                    step()
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(len(workers)) as pool:
        try:
            for each in [pool.submit(work, worker) for worker in workers]:
                each.result()
        finally:
            stop.set()


_OVERLAP_S = int(OVERLAP.total_seconds())


def check_held(key: RoleKey, live: Sequence[Epoch]) -> None:
    """Refuse epochs of a manifest that are not ours: nothing may be wrapped for a stranger's key.

    :raises TrustError: ``wrong_key``.
    """
    for epoch in live:
        private = key.epochs.get((epoch.group, epoch.number))
        if private is None or bytes(private.public_key) != epoch.public:
            raise TrustError(
                _(
                    "The private half of {group} {epoch} is not on this station. If the other station made it, copy "
                    "the folder shared from there; otherwise somebody misuses the manifest key."
                ).format(group=epoch.group, epoch=epoch.number),
                reason="wrong_key",
            )


def _number_after(year: FiscalYear, last: int | None) -> int:
    fresh = 0
    while last is not None and year.epoch(fresh) <= last:
        fresh += 1
    return year.epoch(fresh)


def _cut(epoch: Epoch, fresh: Sequence[Epoch], now: int) -> Epoch:
    """The same epoch, ending soon if another of its group and year takes its place."""
    year = FiscalYear.of_epoch(epoch.number)
    replaced = any(new.group == epoch.group and FiscalYear.of_epoch(new.number) == year for new in fresh)
    return dataclasses.replace(epoch, not_after=min(epoch.not_after, now + LEAK_OVERLAP_S)) if replaced else epoch
