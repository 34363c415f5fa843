"""Alarms of the station, as people and programs see them; they never change an exit status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from faced.enrolment.expiry import Alarm
from faced.i18n import _


def warn(alarms: Iterable[Alarm]) -> None:
    """A line on standard error for each."""
    for alarm in alarms:
        click.echo(_("WARNING: {warning}").format(warning=alarm.text), err=True)


def facts_of_alarms(alarms: Iterable[Alarm]) -> list[dict[str, Any]]:
    """The alarms for programs."""
    return [
        {
            "what": alarm.what,
            "level": alarm.level.value,
            "handler": alarm.who or None,
            "role": alarm.role or None,
            "people": alarm.people or None,
            "days": alarm.days,
            "expires": alarm.expires,
        }
        for alarm in alarms
    ]
