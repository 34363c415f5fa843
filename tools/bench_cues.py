"""How often the numbers about screens and prints deny attacks, and people: dummies before the real landmarks.

People sit before what is found in offices, which is drawn behind them: door frames, windows, posters, monitors,
bookshelves, blinds; every fifth camera shakes with the desk, half of them send motion JPEG. A cue denies as in the
judge of liveness. Besides the species there are an ID photo and a still that are cut closely (35 x 45 mm).
Dummies' rasters are a formula of this project: their share says that the machinery works, not what real screens and
prints would give.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy import Identity, id_photo
from faced.dummy.attack import Sheet, shown_photo
from faced.dummy.desk import exposed
from faced.dummy.motion import script
from faced.dummy.occasion import Occasion, SeedSet, attacks, living
from faced.dummy.render import draw, room_brightness
from faced.dummy.scene import WEBCAM_LENS, office
from faced.dummy.species import Species
from faced.landmarks.detector import Box
from faced.landmarks.observe import Observer
from faced.landmarks.predictor import Predictor
from faced.landmarks.surroundings import EVERY, Surroundings, digest
from faced.liveness.veto import CueWatch

Image = NDArray[np.uint8]
#: The rate at which a frame is looked at for each number.
FPS, SECONDS = 10.0, 3.0
#: Calls of the predictor for a frame: the points only place the box here.
_CALLS = 4
#: The part of a dummy's ID photo that a closely cut one shows.
_CLOSE = (slice(60, 563), slice(45, 435))
#: How far a desk that is typed at shakes its camera, px.
_SHAKE_PX = 2.5


class Behind(StrEnum):
    """What is behind a living person."""

    ROOM = "room"
    DOOR = "door"
    WINDOW = "window"
    POSTER = "poster"
    MONITOR = "monitor"
    BOOKSHELF = "bookshelf"
    BLIND = "blind"


class Held(StrEnum):
    """What is held there besides the species."""

    CLOSE_PRINT = "close_cut_print"
    CLOSE_SCREEN = "close_cut_screen"


#: Who comes, what is behind (None for attacks, which bring their own room), and whether the camera shakes.
_Task = tuple[Occasion, Behind | Held | None, bool]


@dataclass
class Seen:
    """One clip."""

    kind: str
    frames: int = 0
    denied: set[str] = field(default_factory=set)
    highest: dict[str, float] = field(default_factory=dict)
    cpu_ms: list[float] = field(default_factory=list)
    digest_ms: list[float] = field(default_factory=list)


def furnished(room: NDArray[np.float32], behind: Behind, rng: np.random.Generator) -> NDArray[np.float32]:
    """(480, 640, 3) a room with something straight behind the head, sharper than the rest of it."""
    room = room.copy()
    high, wide = room.shape[:2]
    middle, half = int(rng.normal(320, 40)), int(rng.uniform(95, 260))
    dark, light = float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.6, 1.0))

    def box(left: int, top: int, right: int, bottom: int, grey: float, thick: int = -1) -> None:
        cv2.rectangle(room, (left, top), (right, bottom), (grey, grey, grey), thick)

    match behind:
        case Behind.DOOR:
            box(
                middle - half,
                int(rng.integers(-20, 40)),
                middle + half,
                high + 20,
                light if rng.random() < 0.5 else dark,
            )
            box(middle - half, -10, middle + half, high + 20, dark, int(rng.integers(4, 14)))
        case Behind.WINDOW:
            box(middle - half, int(rng.integers(-10, 60)), middle + half, int(rng.integers(300, 470)), 1.0)
            box(middle - half, -10, middle + half, 400, dark, int(rng.integers(6, 16)))
        case Behind.POSTER:
            box(middle - half, int(rng.integers(5, 60)), middle + half, int(rng.integers(330, 480)), light)
            box(middle - half, 20, middle + half, 470, dark, 3)
        case Behind.MONITOR:
            box(middle - half, int(rng.integers(20, 90)), middle + half, int(rng.integers(300, 460)), dark)
            box(middle - half + 10, 90, middle + half - 10, 300, light)
        case Behind.BOOKSHELF:
            left = 0
            while left < wide:
                step = int(rng.integers(8, 40))
                box(left, 0, left + step, high, float(rng.uniform(0.1, 0.9)))
                left += step
        case Behind.BLIND:
            for left in range(int(rng.integers(0, 20)), wide, int(rng.integers(14, 40))):
                box(left, 0, left + int(rng.integers(4, 12)), high, light)
        case Behind.ROOM:
            pass
    return np.asarray(cv2.GaussianBlur(room, (0, 0), float(rng.uniform(0.8, 3.0))), np.float32)


def before(occasion: Occasion, behind: Behind, shakes: bool) -> Callable[[int], Image]:
    """Frames of a person at a desk with something behind."""
    identity = _person(occasion.person)
    rng = np.random.default_rng([91, occasion.person, occasion.seed])
    room = furnished(office(int(rng.integers(1 << 16))), behind, rng)
    plot = script(occasion.seed, SECONDS, FPS, motion=occasion.fidget, distance_cm=occasion.distance_cm)
    light, sensor = occasion.light, exposed(occasion.light)
    shake = rng.normal(0, _SHAKE_PX, (len(plot.poses), 2)) * shakes
    jpeg = bool(rng.random() < 0.5)

    def picture(index: int) -> Image:
        person = (identity, plot.poses[index], plot.expressions[index], occasion.worn)
        seen = draw(room * room_brightness(light), [person], light, WEBCAM_LENS)
        if shakes:
            move = np.array([[1, 0, shake[index, 0]], [0, 1, shake[index, 1]]], np.float32)
            seen = cv2.warpAffine(seen, move, seen.shape[1::-1], borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        shot = sensor.develop(seen, np.random.default_rng([92, occasion.seed, index]))
        if jpeg:
            data = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
            shot = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return shot

    return picture


def watched(task: _Task) -> Seen:
    """One clip before the cues."""
    occasion, behind, shakes = task
    picture: Callable[[int], Image]
    if isinstance(behind, Held):
        sheet = Sheet(sway=0.15, screen=behind is Held.CLOSE_SCREEN)
        photo = np.ascontiguousarray(id_photo(_person(occasion.person))[_CLOSE])
        picture = shown_photo(photo, occasion.seed, SECONDS, FPS, sheet=sheet).__getitem__
        seen = Seen(str(behind))
    elif behind is None:
        film = occasion.clip(_person(occasion.person), SECONDS, FPS)
        picture = film.__getitem__
        seen = Seen(str(occasion.species or "room_as_usual"))
    else:
        picture, seen = before(occasion, behind, shakes), Seen(f"{behind}{'_shaken' if shakes else ''}")
    observer, surroundings, watch = Observer(_predictor(), calls=_CALLS), Surroundings(every=1), CueWatch()
    for index in range(round(SECONDS * FPS)):
        image = picture(index)
        report = observer.observe(image, index / FPS)
        if report.observation is None:
            continue
        seen.frames += 1
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        began = time.process_time()
        cues = surroundings.look(grey, Box(*report.observation.box))
        looked = time.process_time()
        digest(image)
        seen.cpu_ms.append(1e3 * (looked - began))
        seen.digest_ms.append(1e3 * (time.process_time() - looked))
        for cue in cues:
            seen.highest[cue.name] = max(cue.value, seen.highest.get(cue.name, 0.0))
            if watch.cue(cue.name, cue.value) is not None:
                seen.denied.add(cue.name)
    return seen


@functools.cache
def _predictor() -> Predictor:
    return Predictor.load()


@functools.lru_cache(maxsize=8)
def _person(seed: int) -> Identity:
    return Identity(seed)


def plan(which: SeedSet, live: int, per_species: int, kinds: Sequence[Species]) -> list[_Task]:
    """Every clip: so many people, one after the other before each of the backgrounds, every fifth one shaken."""
    places = list(Behind)
    tasks: list[_Task] = [
        (occasion, places[turn % len(places)], turn % 5 == 4) for turn, occasion in enumerate(living(which, live))
    ]
    for kind in kinds:
        tasks += [(occasion, None, False) for occasion in attacks(which, kind, per_species)]
    for held in Held:
        tasks += [(occasion, held, False) for occasion in attacks(which, Species.FLAT_PRINT, per_species)]
    return tasks


def summary(clips: Sequence[Seen]) -> dict[str, Any]:
    """Shares denied by each cue and by any, of the clips in which a face was seen."""
    clips = [clip for clip in clips if clip.frames]
    names = sorted({name for clip in clips for name in clip.highest})
    count = Counter(name for clip in clips for name in clip.denied)
    return {
        "n": len(clips),
        "denied": sum(bool(clip.denied) for clip in clips),
        "by_cue": {name: count[name] for name in names},
        "highest": {name: round(max(clip.highest.get(name, 0.0) for clip in clips), 2) for name in names},
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=SeedSet, choices=list(SeedSet), default=SeedSet.REPORT, help="people and seeds")
    parser.add_argument("--live", type=int, default=210, help="clips of people")
    parser.add_argument("--per-species", type=int, default=20, help="clips of each attack")
    parser.add_argument("--species", type=Species, choices=list(Species), nargs="*", default=list(Species))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    options = parser.parse_args(arguments)
    tasks = plan(options.set, options.live, options.per_species, options.species)
    clips: list[Seen] = []
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for clip in pool.imap_unordered(watched, tasks):
            clips.append(clip)
            highest = {name: round(value, 2) for name, value in clip.highest.items()}
            print(f"{clip.kind}: {' '.join(sorted(clip.denied)) or 'nothing'} {highest}", file=sys.stderr)
    species = {str(kind) for kind in (*Species, *Held)}
    kinds = sorted({clip.kind for clip in clips})
    looks = [clip for clip in clips if clip.cpu_ms]
    report: dict[str, Any] = {
        "set": str(options.set),
        "live": summary([clip for clip in clips if clip.kind not in species]),
        "kinds": {kind: summary([clip for clip in clips if clip.kind == kind]) for kind in kinds},
        "look_ms": round(min(statistics.median(clip.cpu_ms) for clip in looks) / EVERY, 3) if looks else None,
        "digest_ms": round(min(statistics.median(clip.digest_ms) for clip in looks), 3) if looks else None,
    }
    if options.json:
        print(json.dumps(report))
        return 0
    for kind, row in (*report["kinds"].items(), ("all people", report["live"])):
        print(f"{kind:22} {row['denied']:3} of {row['n']:3} denied  {row['by_cue']}  highest {row['highest']}")
    print(f"{report['look_ms']} ms a frame at 30 a second, digest {report['digest_ms']} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
