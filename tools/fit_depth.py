"""Fits the depths of faced/liveness/depth.py and prints its table.

The data are landmark coordinates with known angles (arrays points (n, 68, 2), yaw, pitch in degrees). A point's depth
is what its place in the frame of the eyes changes by the sine of the yaw (to the side) and, by itself, of the pitch (up
and down); the table has the mean of both.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from faced.landmarks.averaging import MIRROR
from faced.liveness.depth import RIGID, upright

#: Photos that are turned further show another contour.
FARTHEST_DEG = 25.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = np.load(parser.parse_args().data)
    points, yaw, pitch = data["points"].astype(float), np.radians(data["yaw"]), np.radians(data["pitch"])
    chosen = np.abs(yaw) < np.radians(FARTHEST_DEG)
    points, yaw, pitch = points[chosen], yaw[chosen], pitch[chosen] - pitch[chosen].mean()
    # Each photo twice, the second time as its mirror image, so that both halves get the same depths.
    mirrored = points[:, MIRROR] * (-1, 1)
    faces = upright(np.concatenate([points, mirrored]))
    yaw, pitch = np.concatenate([yaw, -yaw]), np.concatenate([pitch, pitch])
    causes = np.stack([np.ones(len(yaw)), np.sin(yaw), np.sin(pitch), np.sin(yaw) ** 2], axis=1)
    effects = np.linalg.lstsq(causes, faces.reshape(len(faces), -1), rcond=None)[0].reshape(4, len(RIGID), 2)
    by_yaw, by_pitch = -effects[1, :, 0], effects[2, :, 1]
    for point, place, side, nod in zip(RIGID, effects[0], by_yaw, by_pitch, strict=True):
        print(f"({point}, {(side + nod) / 2:.3f}),  # by yaw {side:.3f}, by pitch {nod:.3f}, at {place.round(3)}")


if __name__ == "__main__":
    main()
