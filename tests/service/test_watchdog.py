"""The watchdog starves exactly when only a new process can help."""

from __future__ import annotations

from faced.service.loop import Loop
from faced.service.watchdog import Watchdog
from tests.service.office import Records


class Machine:
    """A clock, a worker that can hang, and a service manager that counts."""

    def __init__(self) -> None:
        self.now = 0.0
        self.hangs = False
        self.fed = 0

    def stuck(self) -> bool:
        return self.hangs

    def alive(self) -> None:
        self.fed += 1


def test_the_watchdog_starves_while_the_camera_hangs_and_it_is_recorded_once() -> None:
    machine, records = Machine(), Records()
    loop = Loop(lambda: machine.now)
    Watchdog(loop, machine, machine, records, 10.0).feed()

    def pass_s(seconds: int) -> int:
        before = machine.fed
        for _ in range(seconds):
            machine.now += 1
            loop.once(0)
        return machine.fed - before

    assert pass_s(30) == 3
    machine.hangs = True
    assert pass_s(60) == 0
    assert records.words() == [("camera", "", "stuck")]
    machine.hangs = False
    assert pass_s(30) == 3
    loop.close()


def test_a_full_journal_does_not_keep_the_watchdog_fed() -> None:
    machine, records = Machine(), Records(broken=True)
    machine.hangs = True
    loop = Loop(lambda: machine.now)
    Watchdog(loop, machine, machine, records, 10.0).feed()
    machine.now = 10
    loop.once(0)
    assert machine.fed == 0
    loop.close()
