"""Does dlib see the dummies as it would see people, and what does a frame cost? Exits with 1 below 99 %.

Near-frontal frames of the first identities of the whole seed range, difficult ones included, in two lights and at two
distances; besides, what the HOG detector makes of photos, turned heads, coverings, poor light and attacks.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from faced.dummy import Cloth, Expression, Identity, Light, Pose, Worn, id_photo, render_frame
from faced.dummy.scene import DIM_LIGHT, DIM_WEBCAM, SHUT, SIDE_LIGHT
from faced.dummy.species import Species, present

REQUIRED = 0.99
FIRST_SEED = 1000
FRONTAL = "near-frontal frame"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--identities", type=int, default=100)
    parser.add_argument("--frontal-only", action="store_true", help="only the frames that the requirement is about")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    detector = dlib.get_frontal_face_detector()
    found: dict[str, list[bool]] = defaultdict(list)
    frame_ms, build_ms = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.identities):
        start = time.process_time()
        identity = Identity(seed)
        build_ms.append((time.process_time() - start) * 1000)
        start = time.process_time()
        pictures = list(frontal(identity))
        frame_ms.append((time.process_time() - start) * 1000 / len(pictures))
        if not arguments.frontal_only:
            pictures += others(identity)
        for condition, picture in pictures:
            found[condition].append(bool(detector(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 0)))
    rates = {condition: {"pictures": len(seen), "detected": float(np.mean(seen))} for condition, seen in found.items()}
    answer = {
        "identities": arguments.identities,
        "conditions": rates,
        "identity_cpu_ms": round(float(np.median(build_ms)), 1),
        "frame_cpu_ms": round(float(np.median(frame_ms)), 1),
    }
    if arguments.json:
        print(json.dumps(answer, indent=1))
    else:
        for condition, rate in rates.items():
            print(f"{condition:32} {rate['pictures']:5.0f} pictures  {rate['detected']:7.2%} detected")
        print(f"{answer['identity_cpu_ms']} ms an identity, {answer['frame_cpu_ms']} ms a 640x480 frame (CPU, median)")
    return 0 if rates[FRONTAL]["detected"] >= REQUIRED else 1


def frontal(identity: Identity) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Six frames within a few degrees of straight, of two sittings."""
    rng = np.random.default_rng([17, identity.seed])
    for light, distance_cm in ((Light(), 62.0), (Light(left=-0.5, up=0.4), 56.0)):
        for _frame in range(3):
            yaw, pitch, roll = (float(value) for value in rng.normal(0, (3, 2.5, 2)))
            pose = Pose(yaw, pitch, roll, distance_cm=distance_cm)
            yield FRONTAL, render_frame(identity, pose, light=light, seed=int(rng.integers(1 << 30)))


def others(identity: Identity) -> list[tuple[str, NDArray[np.uint8]]]:
    """The other conditions, one picture each (two for turned heads)."""
    return [
        ("ID photo", id_photo(identity)),
        ("turned 20 degrees", render_frame(identity, Pose(yaw_deg=20))),
        ("turned 20 degrees", render_frame(identity, Pose(yaw_deg=-20))),
        ("eyes shut", render_frame(identity, expression=SHUT)),
        ("mouth open", render_frame(identity, expression=Expression(jaw=0.5))),
        ("spectacles", render_frame(identity, worn=Worn(glasses=True))),
        ("glare on spectacles", render_frame(identity, worn=Worn(glare=0.9))),
        ("surgical mask", render_frame(identity, worn=Worn(mask=True))),
        ("mask below the nose", render_frame(identity, worn=Worn(below_nose=True))),
        ("scarf", render_frame(identity, worn=Worn(scarf=True, cloth=Cloth.WOOL))),
        ("dark glasses", render_frame(identity, worn=Worn(sunglasses=True))),
        ("hand before the face", render_frame(identity, worn=Worn(hand=True))),
        ("dim", render_frame(identity, light=DIM_LIGHT, sensor=DIM_WEBCAM)),
        ("light from the side", render_frame(identity, light=SIDE_LIGHT)),
        *((str(kind), present(kind, identity, identity.seed, 0.5, 10.0)[3]) for kind in Species),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
