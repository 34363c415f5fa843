"""Fits the numbers of faced/landmarks/pose.py and says how good they are.

The data are landmark coordinates with known angles (arrays points (n, 68, 2), yaw, pitch in degrees, fold): angles are
predicted for each fold from the others, then fitted on everything and printed as the table of the module.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.landmarks.pose import MIRRORED, POINTS, aligned

RIDGE = 0.1
Array = NDArray[np.float64]


def upright_mean(points: Array) -> Array:
    """The mirror-symmetric mean shape (p, 2) of (n, p, 2), centred, of unit size."""
    shape = points[0] - points[0].mean(axis=0)
    for _ in range(5):
        shape = np.stack([aligned(face, shape)[0] for face in points]).mean(axis=0)
        shape = (shape + shape[MIRRORED] * (-1, 1)) / 2
        shape = (shape - shape.mean(axis=0)) / np.linalg.norm(shape - shape.mean(axis=0))
    return shape


def weights(features: Array, angle: Array) -> Array:
    """Ridge regression of an angle on centred features."""
    return np.linalg.solve(features.T @ features + RIDGE * np.eye(features.shape[1]), features.T @ angle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = np.load(parser.parse_args().data)
    points, fold = data["points"][:, POINTS].astype(np.float64), data["fold"]
    shape = upright_mean(points)
    faces = np.stack([aligned(face, shape)[0] for face in points]) - shape
    mirrored = faces[:, MIRRORED] * (-1, 1)
    columns = []
    # A turn to the side changes its sign in the mirror, a nod does not.
    for name, sign in (("yaw", -1), ("pitch", 1)):
        features, angle = ((faces + sign * mirrored) / 2).reshape(len(faces), -1), data[name].astype(np.float64)
        middle = 0.0 if sign < 0 else float(angle.mean())
        predicted = np.empty_like(angle)
        for held_out in np.unique(fold):
            test = fold == held_out
            predicted[test] = features[test] @ weights(features[~test], angle[~test] - middle) + middle
        error = predicted - angle
        print(f"# {name}: n {len(angle)}, correlation {np.corrcoef(predicted, angle)[0, 1]:.4f},", end=" ")
        print(f"RMS {np.sqrt((error**2).mean()):.2f} degrees, constant {middle:.3f}")
        columns.append(weights(features, angle - middle).reshape(-1, 2))
    for index, mean, yaw, pitch in zip(POINTS, shape, *columns, strict=True):
        numbers = ", ".join([f"{value:.4f}" for value in mean] + [f"{value:.2f}" for value in (*yaw, *pitch)])
        print(f"    ({index}, {numbers}),")


if __name__ == "__main__":
    main()
