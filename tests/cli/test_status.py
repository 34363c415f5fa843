from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import Any

from faced.config import DirectoryConfig
from tests.cli.conftest import NOW, Office
from tests.rig.varlink_daemon import Daemon

DAY = 86400
GOOD: dict[str, Any] = {
    "version": "0.1.0",
    "realm": "Example City",
    "dummy": False,
    "host": "pc0123",
    "camera": "usb:046d:0825",
    "camera_state": "idle",
    "predictor": "ab" * 32,
    "metric": "cd" * 32,
    "directory": "online",
    "manifest": {"known": True, "seconds": 3 * DAY},
    "expires_in": 11 * DAY,
    "purpose_until": NOW + 168 * DAY,
    "emergencies": 2,
    "warnings": [],
}


def status(office: Office, *arguments: str, shut_out: bool = False, **changed: Any) -> Any:
    with ExitStack() as stack:
        answer = {**GOOD, **changed}
        stack.enter_context(
            Daemon(
                office.folder / "status",
                "io.faced.Status",
                {"Get": lambda call: call.reply(**answer), "Remind": lambda call: call.reply()},
            )
        )
        stack.enter_context(
            Daemon(
                office.folder / "directory",
                "io.faced.Directory",
                {
                    "Status": lambda call: call.reply(
                        online=not shut_out, shut_out=shut_out, last_contact=NOW - 600, offline_until=None, cached=3
                    ),
                    **{name: lambda call: call.reply() for name in ("Fetch", "Standing", "Papers", "Used", "Report")},
                },
            )
        )
        return office.facectl("status", *arguments)


def test_a_pc_that_is_ready_is_status_0(office: Office) -> None:
    result = status(office)
    assert result.exit_code == 0, result.output
    for text in ("Example City", "usb:046d:0825", "3 days ago", "11 days", "10 minutes ago"):
        assert text in result.output
    assert re.search(r"^Emergency logons +2$", result.output, re.M)


def test_warnings_come_first_and_make_status_1(office: Office) -> None:
    result = status(office, warnings=["The camera failed when it was last used."], expires_in=-5, directory="offline")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.startswith("WARNING: ") for line in lines[:4]] == [True, True, True, False]


def test_the_answer_for_programs_is_json(office: Office) -> None:
    answer = json.loads(status(office, "--json").stdout)
    assert answer["warnings"] == []
    assert answer["logon"]["expires_in"] == 11 * DAY
    assert answer["directory"]["cached"] == 3


def test_a_purpose_that_ends_is_an_alarm_and_one_that_is_over_a_warning(office: Office) -> None:
    soon = status(office, "--json", purpose_until=NOW + 20 * DAY)
    assert soon.exit_code == 0
    assert [(one["what"], one["level"], one["days"]) for one in json.loads(soon.stdout)["alarms"]] == [
        ("purpose", "soon", 20)
    ]
    over = status(office, purpose_until=NOW)
    assert over.exit_code == 1
    assert over.output.startswith("WARNING: No purpose is in force: nobody can log on.")
    for unknown in (None, NOW + 61 * DAY):
        assert json.loads(status(office, "--json", purpose_until=unknown).stdout)["alarms"] == []


def test_the_cache_serves_no_longer_than_the_purpose(office: Office) -> None:
    assert json.loads(status(office, "--json", purpose_until=NOW + DAY).stdout)["cache_until"] == NOW + DAY


def test_it_says_until_when_the_cache_serves_by_its_days_or_by_the_manifest(office: Office) -> None:
    assert json.loads(status(office, "--json", expires_in=11 * DAY).stdout)["cache_until"] == NOW + 11 * DAY
    days = DirectoryConfig().cache_days
    later = json.loads(status(office, "--json", expires_in=(days + 1) * DAY).stdout)
    assert later["cache_until"] == NOW - 600 + days * DAY
    assert json.loads(status(office, "--json", expires_in=None).stdout)["cache_until"] is None


def test_on_the_station_what_ends_soon_is_said_and_changes_no_exit_status(founded: Office) -> None:
    assert json.loads(status(founded, "--json").stdout)["alarms"] == []
    founded.now = NOW + 9 * DAY
    result = status(founded)
    assert result.exit_code == 0, result.output
    assert "WARNING: The realm's manifest ends in 5 days" in result.stderr
    [alarm] = json.loads(status(founded, "--json").stdout)["alarms"]
    assert (alarm["what"], alarm["level"], alarm["days"]) == ("manifest", "urgent", 5)


def test_a_pc_that_the_directory_refuses_gives_nothing_from_its_cache(office: Office) -> None:
    answer = json.loads(status(office, "--json", shut_out=True).stdout)
    assert (answer["directory"]["shut_out"], answer["cache_until"]) == (True, None)
    assert "refuses this PC" in status(office, shut_out=True).output


def test_without_the_daemon_it_says_how_to_start_it(office: Office) -> None:
    result = office.facectl("status")
    assert result.exit_code == 11
    assert "systemctl start faced.socket" in result.output


def test_the_directory_daemon_may_be_silent(office: Office) -> None:
    with Daemon(
        office.folder / "status",
        "io.faced.Status",
        {"Get": lambda call: call.reply(**GOOD), "Remind": lambda call: call.reply()},
    ):
        result = office.facectl("status")
    assert result.exit_code == 0, result.output
    assert "online" in result.output
