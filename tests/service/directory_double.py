"""A stand-in for faced-directory behind the real wire: bundles by login, or an error, or silence."""

from __future__ import annotations

import base64
from pathlib import Path

from faced.directory.bundle import Bundle
from faced.service.server import Call
from faced.service.varlink import VarlinkError
from tests.rig.varlink_daemon import Daemon


class DirectoryDouble(Daemon):
    """Serves io.faced.Directory in a thread."""

    def __init__(self, path: Path) -> None:
        self.bundles: dict[str, Bundle] = {}
        #: What a visit to the directory would find, where the cache does not know it yet.
        self.newer: dict[str, Bundle] = {}
        self.visits: list[str] = []
        self.used: list[str] = []
        self.reports: list[bytes] = []
        #: Of the last refresh, and whether the realm should hear of it.
        self.refreshed = 0
        self.report_due = False
        self.refuses_reports = False
        self.refused_reports = 0
        #: What is there for a host that is cut off; None while it is not.
        self.papers: Bundle | None = None
        self.silent = False
        self.silent_status = False
        self.shut_out = False
        methods = {
            "Fetch": self._fetch,
            "Standing": self._standing,
            "Papers": self._papers,
            "Used": self._used,
            "Report": self._report,
            "Status": self._status,
        }
        super().__init__(path, "io.faced.Directory", methods)

    def _fetch(self, call: Call) -> None:
        if self.silent:
            return
        self._check_account()
        login = call.parameters["login"]
        bundle = self.bundles.get(login)
        if call.parameters["anew"]:
            self.visits.append(login)
            bundle = self.newer.get(login, bundle)
        if bundle is None and self.papers is not None:
            raise VarlinkError("io.faced.Directory.Unavailable", {"reason": "unreachable"})
        if bundle is None:
            raise VarlinkError("io.faced.Directory.NotFound", {"reason": "not_in_directory"})
        call.reply(bundle=bundle.to_wire())

    def _standing(self, call: Call) -> None:
        if self.silent:
            return
        self._check_account()
        bundle = self.bundles.get(call.parameters["login"])
        call.reply(bundle=None if bundle is None else bundle.to_wire())

    def _papers(self, call: Call) -> None:
        call.reply(bundle=None if self.papers is None else self.papers.to_wire())

    def _check_account(self) -> None:
        if self.shut_out:
            raise VarlinkError("io.faced.Directory.Unavailable", {"reason": "account_refused"})

    def _used(self, call: Call) -> None:
        self.used.append(call.parameters["login"])
        call.reply()

    def _report(self, call: Call) -> None:
        if self.refuses_reports:
            self.refused_reports += 1
            raise VarlinkError("io.faced.Directory.Unavailable", {"reason": "test"})
        self.reports.append(base64.b64decode(call.parameters["report"], validate=True))
        if (call.parameters["refreshed"] or 0) >= self.refreshed:
            self.report_due = False
        call.reply()

    def _status(self, call: Call) -> None:
        if self.silent_status:
            return
        call.reply(
            online=True,
            last_contact=None,
            offline_until=None,
            cached=len(self.bundles),
            refreshed=self.refreshed,
            report_due=self.report_due,
        )
