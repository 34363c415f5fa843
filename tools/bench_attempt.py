"""What one logon costs: seconds to the answer, CPU of the daemon, memory of both.

Whole logons of dummy staff through libpam, daemons, directory and the V4L2 path at 30 frames a second, each person with
the right password and face: once typed at once (from ``begin`` to the answer) and once typed slowly, with the face in
view meanwhile (the wait that is left after the password).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from faced.config import LandmarksConfig
from faced.dummy import staff
from faced.recognition import metric as metric_room
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import MAX_FRAMES, MIN_FRAMES, Matcher
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.rig.pam import Code
from tests.rig.sitter import sitter
from tests.rig.town import Town

FPS = 30
_METRIC = Path(metric_room.__file__).with_name("metric.npz")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figures:
    """Medians over ``accepted`` logons of each kind; seconds, milliseconds of CPU, MiB.

    ``calls_behind_decision``: predictor calls at the first look; ``score_ms`` CPU of one look at all frames of a
    sitting, the new frame's evidence included.
    """

    attempts: int
    accepted: int
    begin_to_accept_s: float
    begin_to_accept_p95_s: float
    after_password_s: float
    after_password_p95_s: float
    cpu_ms_per_attempt: float
    calls_per_frame: int
    calls_behind_decision: int
    score_ms: float
    metric_kib: float
    faced_mib: float
    faced_directory_mib: float


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="faced-bench-") as folder:
        figures = measure(Path(folder), options.people, options.typing)
    if options.json:
        print(json.dumps(asdict(figures)))
        return 0
    print(f"{figures.accepted} of {figures.attempts} logons accepted ({options.people} dummies, {FPS} frames a second)")
    print(f"begin to accept: median {figures.begin_to_accept_s:.2f} s, p95 {figures.begin_to_accept_p95_s:.2f} s")
    print(
        f"after a password of {options.typing:g} s: median {figures.after_password_s:.3f} s, "
        f"p95 {figures.after_password_p95_s:.3f} s"
    )
    print(
        f"CPU of faced: {figures.cpu_ms_per_attempt:.0f} ms an attempt typed at once, {figures.calls_behind_decision} "
        f"predictor calls behind its first look; a look costs {figures.score_ms:.2f} ms, the metric is "
        f"{figures.metric_kib:.0f} KiB"
    )
    print(f"resident: faced {figures.faced_mib:.0f} MiB, faced-directory {figures.faced_directory_mib:.0f} MiB")
    return 0


def measure(folder: Path, people: int, typing_s: float) -> Figures:
    """Run the logons in a town of their own."""
    members = staff(people)
    cold_s, left_s, cpu_ms = [], [], []
    attempts = accepted = 0
    with Town(folder, members) as town:
        town.enrol(members)
        town.start()
        for member in members:
            town.seat(*sitter(member.identity()))
            for typing in (0.0, typing_s):
                before = _cpu_ms(town.pid("faced"))
                logon = town.logon(member.login, town.passwords[member.login], typing_s=typing)
                attempts += 1
                if logon.code != Code.SUCCESS:
                    continue
                accepted += 1
                if typing:
                    left_s.append(logon.after_password_s)
                else:
                    cold_s.append(logon.total_s)
                    cpu_ms.append(_cpu_ms(town.pid("faced")) - before)
        memory = {name: _resident_mib(town.pid(name)) for name in ("faced", "faced-directory")}
    return Figures(
        attempts=attempts,
        accepted=accepted,
        begin_to_accept_s=statistics.median(cold_s),
        begin_to_accept_p95_s=_p95(cold_s),
        after_password_s=statistics.median(left_s),
        after_password_p95_s=_p95(left_s),
        cpu_ms_per_attempt=statistics.median(cpu_ms),
        calls_per_frame=LandmarksConfig().calls_per_frame,
        calls_behind_decision=MIN_FRAMES * LandmarksConfig().calls_per_frame,
        score_ms=_score_ms(),
        metric_kib=_METRIC.stat().st_size / 1024,
        faced_mib=memory["faced"],
        faced_directory_mib=memory["faced-directory"],
    )


def _score_ms() -> float:
    """The median of the looks at a sitting of the most frames that count."""
    metric = Metric.shipped()
    points = metric.reference * 300
    template = FaceTemplate((Sample.from_points(points, 0.003, Source.PHOTO, 20_000),))
    took = []
    for _sitting in range(20):
        matcher = Matcher(metric, OperatingPoint.shipped(), template, min_frames=MAX_FRAMES)
        for _frame in range(MAX_FRAMES):
            began = time.process_time()
            matcher.add(points, 0.003)
            took.append(1000 * (time.process_time() - began))
    return statistics.median(took)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * (len(values) - 1)))]


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / _TICKS


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS of process {pid}")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=12, help="dummies (12; at least 7, so that the site calibrates)")
    parser.add_argument("--typing", type=float, default=1.5, help="seconds a typed password takes (1.5)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    if options.people < 7:
        parser.error("--people must be at least 7")
    return options


if __name__ == "__main__":
    sys.exit(main())
