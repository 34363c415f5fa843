"""`facectl host renew` on the PC: a key for the next fiscal year, and clocks that are wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faced.directory.hosts import Hosts
from faced.enrolment.renewal import Renewal, plan_renewal, renew
from faced.errors import DirectoryUnavailable, TrustError
from faced.trust.keys import HostKeys
from faced.trust.realm import Role
from tests.cli.conftest import Office
from tests.cli.test_host import joined
from tests.cli.year import Pc, as_role, enrol, go_to, unix

PREPARED, BEGUN = "2027-03-05", "2027-03-20"
DAY = 86_400


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refused:
        call()
    return refused.value.reason


@pytest.fixture
def pc(founded: Office) -> Pc:
    made = Pc(founded, "pc-1")
    enrol(founded, "tanaka")
    return made


def test_until_four_weeks_before_the_year_there_is_nothing_to_do(founded: Office) -> None:
    joined(founded)
    before = (founded.folder / "host.keys.cred").read_bytes()
    go_to(founded, "2027-03-03T12:00")
    done = founded.json("host", "renew")
    assert done == {"made": None, "destroyed": [], "asked": False, "epoch": 2026, "dry_run": False}
    assert (founded.folder / "host.keys.cred").read_bytes() == before


def test_a_pc_makes_its_key_and_asks_once(founded: Office) -> None:
    joined(founded)
    go_to(founded, PREPARED)
    keys = founded.folder / "host.keys.cred"
    before = keys.read_bytes()
    assert founded.json("host", "renew", "--dry-run")["made"] == 2027
    assert keys.read_bytes() == before
    assert founded.json("host", "show", "pc0123")["request"] is None
    result = founded.facectl("host", "renew")
    assert result.exit_code == 0, result.output
    assert "systemctl restart faced" in result.output
    assert founded.json("host", "show", "pc0123")["request"] is not None
    again = founded.json("host", "renew")
    assert (again["made"], again["asked"]) == (None, False)


def test_a_pc_that_never_joined_is_told_so(founded: Office) -> None:
    assert founded.facectl("host", "renew").exit_code == 10


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        ("1970-01-01T09:00", "not_yet_valid"),
        ("2025-06-01", "not_yet_valid"),
        ("2027-03-19", "not_yet_valid"),
        ("2027-06-01", "manifest_expired"),
        ("2036-01-01", "manifest_expired"),
    ],
)
def test_a_wrong_clock_makes_no_key_and_opens_nothing_until_the_time_is_known(
    founded: Office, pc: Pc, clock: str, reason: str
) -> None:
    go_to(founded, BEGUN)
    bundle = pc.bundle("tanaka")
    wrong = unix(clock)
    assert refusal(lambda: pc.plan(wrong)) == reason
    assert pc.refusal("tanaka", bundle, wrong) == reason
    assert pc.boxes == {2026}
    assert pc.refusal("tanaka", bundle) == "", "the wrong clock left nothing behind"
    assert pc.renew().made == 2027


def test_a_pc_with_a_dead_clock_says_what_is_wrong(founded: Office) -> None:
    joined(founded)
    founded.now = 0
    result = founded.facectl("host", "renew")
    assert result.exit_code == 6
    assert "clock" in result.output


def test_a_clock_set_back_does_not_bring_an_old_epoch_back(founded: Office, pc: Pc) -> None:
    """The manifest of the day was seen; what was valid on an earlier day is older than that."""
    go_to(founded, "2027-03-16")
    old = pc.bundle("tanaka")
    go_to(founded, "2027-03-25")
    assert pc.refusal("tanaka") == ""
    assert pc.refusal("tanaka", old, unix("2027-03-17")) == "older_serial"


def test_a_clock_a_few_days_ahead_costs_nothing_when_it_is_right_again(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    assert pc.refusal("tanaka", now=founded.now + 5 * DAY) == ""
    assert pc.refusal("tanaka") == ""


# --- The order of things.


def test_the_daemon_knows_the_key_before_the_station_can(founded: Office, pc: Pc) -> None:
    go_to(founded, PREPARED)
    seen: list[str] = []

    class Store:
        def read(self) -> HostKeys:
            raise AssertionError("planned already")

        def replace(self, keys: HostKeys) -> None:
            seen.append(f"keys {sorted(keys.boxes)}")

    renew(Store(), pc.plan(), lambda: seen.append("restart"), lambda _request: seen.append("request"))
    assert seen == ["keys [2026, 2027]", "restart", "request"]


def test_cut_off_before_the_request_it_asks_next_time_for_the_same_key(founded: Office, pc: Pc) -> None:
    go_to(founded, PREPARED)

    def gone(_request: bytes) -> None:
        raise DirectoryUnavailable("gone")

    first = pc.plan()
    with pytest.raises(DirectoryUnavailable):
        renew(pc.store, first, lambda: None, gone)
    second = pc.renew()
    assert (second.made, second.request, pc.restarts) == (None, first.request, 1)


def test_the_old_key_stays_until_the_station_seals_to_the_new_one(founded: Office, pc: Pc) -> None:
    go_to(founded, "2027-06-01")
    assert pc.renew().destroyed == ()
    assert pc.renew().destroyed == ()
    assert pc.boxes == {2026, 2027}


def other_host(pc: Pc, plan: Callable[[HostKeys], HostKeys]) -> Renewal:
    with pc.connect() as connection:
        host = Hosts(connection, pc.office.slapd.tree).read(pc.name)
    return plan_renewal(pc.office.station.verifier(pc.office.now), plan(pc.store.read()), host)


def test_a_statement_about_other_keys_renews_nothing(founded: Office, pc: Pc) -> None:
    assert refusal(lambda: other_host(pc, lambda keys: HostKeys.generate(keys.name, 2026))) == "wrong_host"


def test_who_lost_its_statement_is_told_to_join(founded: Office, pc: Pc) -> None:
    with as_role(founded, Role.OPERATE) as connection:
        connection.modify(founded.slapd.tree.host("pc-1"), replace={"facedHostStatement": []})
    assert refusal(pc.plan) == "no_host_statement"
