"""What somebody must see to: what ends soon, a record of acts that was changed, people who fail on several PCs."""

from __future__ import annotations

from dataclasses import dataclass

from faced.enrolment.acts import ActLog
from faced.enrolment.handlers import Standing, appointments
from faced.enrolment.manifest import last_manifest, purposes_of
from faced.enrolment.station import Station
from faced.i18n import _
from faced.trust.purpose import covered_until
from faced.units import DAY_S
from faced.urgency import Level, days_left, level_of

#: A manifest is issued daily for two weeks: after one without a new one the timer has failed.
MANIFEST_DAYS = 7


@dataclass(frozen=True)
class Alarm:
    """Something to see to.

    ``what``: appointment, purpose, manifest, record or failures; ``who``, ``role``: of an appointment.

    ``expires``: unix seconds; ``people``: of how many more is asked, because they failed on several PCs.
    """

    what: str
    level: Level
    expires: int
    days: int
    who: str = ""
    role: str = ""
    people: int = 0

    @property
    def text(self) -> str:
        """A line for people, with what to do."""
        if self.what == "record":
            return _("The record of acts is not the one that the last manifest vouches for: facectl acts verify")
        if self.what == "failures":
            return _("{count} people fail at the face step on several PCs: facectl lockouts realm").format(
                count=self.people
            )
        if self.what == "purpose":
            return purpose_ending(self.level, self.days)
        if self.what == "manifest":
            if self.level is Level.OVER:
                return manifest_over()
            return _(
                "The realm's manifest ends in {days} days; without a new one nobody can log on then. On the station: "
                "systemctl status faced-manifest.timer, or facectl realm manifest"
            ).format(days=self.days)
        if self.level is Level.OVER:
            text = _("The appointment of {who} as {role} is over. With the root key: facectl handler renew {who}")
        else:
            text = _(
                "The appointment of {who} as {role} ends in {days} days. With the root key: facectl handler renew {who}"
            )
        return text.format(who=self.who, role=self.role, days=self.days)


def manifest_over() -> str:
    """The line about a manifest that has ended."""
    return _("The realm's manifest has expired: nobody can log on. Renew it on the station.")


def purpose_ending(level: Level, days: int) -> str:
    """The line about a purpose that ends, or has ended."""
    if level is Level.OVER:
        return _(
            "No purpose is in force: nobody can log on. On the station: facectl purpose renew, then facectl realm "
            "manifest"
        )
    return _(
        "The purpose of the face data ends in {days} days; unless it is renewed nobody can log on then. On the "
        "station: facectl purpose renew"
    ).format(days=days)


def alarms(station: Station, now: int) -> tuple[Alarm, ...]:
    """What ends within the days above and what is wrong with the record, the most pressing first.

    :raises TrustError: as :func:`appointments`.
    """
    found = []
    for one in appointments(station, now):
        expires = one.delegation.expires
        level = level_of(expires - now)
        if one.standing in (Standing.LIVE, Standing.EXPIRED) and level is not None:
            found.append(Alarm("appointment", level, expires, days_left(expires - now), one.handler, one.role.value))
    manifest = last_manifest(station)
    until = covered_until(purposes_of(station, manifest, now), now)
    if (level := level_of(until - now)) is not None:
        found.append(Alarm("purpose", level, until, days_left(until - now)))
    left_s = manifest.expires - now
    if left_s <= MANIFEST_DAYS * DAY_S:
        level = Level.OVER if left_s <= 0 else Level.URGENT
        found.append(Alarm("manifest", level, manifest.expires, days_left(left_s)))
    if manifest.record is not None and ActLog(station.path).contradicts(manifest.record):
        found.append(Alarm("record", Level.URGENT, now, 0))
    failing = [until for until in manifest.stricter.values() if until > now]
    if failing:
        found.append(Alarm("failures", Level.URGENT, max(failing), 0, people=len(failing)))
    return tuple(sorted(found, key=lambda alarm: (alarm.expires, alarm.what, alarm.who)))
