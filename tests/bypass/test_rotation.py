"""A fresh epoch in the middle of a working day, with the real daemons: nobody is locked out."""

from __future__ import annotations

import json

from faced.dummy import StaffMember
from tests.rig.pam import Code
from tests.rig.town import Town


def test_a_key_that_is_replaced_during_the_day_locks_nobody_out(town: Town, clerk: StaffMember) -> None:
    password = town.passwords[clerk.login]
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    rotated = town.facectl(
        *("realm", "rotate", "--leaked", "default", "--reason", "a PC was stolen", "--yes", "--json")
    )
    done = json.loads(rotated.stdout)
    assert done["people"]["unopened"] == done["computers"]["behind"] == []
    assert done["computers"]["reissued"] == 1
    # From the cache, under the papers of before the rotation.
    town.forgive_all()
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    # With fresh papers, after a refresh.
    town.restart("faced-directory")
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    # With nothing but what the directory has now.
    town.stop_daemon("faced-directory")
    for path in town.system.path("/var/lib/faced-directory/cache").iterdir():
        path.unlink()
    town.start_daemon("faced-directory")
    assert town.logon(clerk.login, password).code == Code.SUCCESS
