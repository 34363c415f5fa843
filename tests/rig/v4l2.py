"""A webcam for a child process: OpenCV's real V4L2 backend on the preloaded device of fakev4l2.c."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_SOURCE = Path(__file__).with_name("fakev4l2.c")
DEVICE = "/dev/video42"


class FakeWebcam:
    """One webcam, changed while a program that sees it keeps running: settings hold from its next open of the device.

    ::

        webcam = FakeWebcam(tmp_path)
        webcam.show(frames)
        subprocess.Popen(command, env={**os.environ, **webcam.environment})   # sees webcam.name
        webcam.show(other_frames); webcam.set(fail_after=20)

    :param folder: for the compiled library, the frames and the settings.
    :param settings: as :meth:`set`.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self._folder = folder
        self._library = folder / "fakev4l2.so"
        subprocess.run(
            ["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
            + ["-o", str(self._library), str(_SOURCE), "-ldl", "-pthread"],
            check=True,
        )
        self._cue = folder / "cue"
        self._cue.write_text("0 0 0 0")
        self._settings: dict[str, object] = {"device": DEVICE, "cue": self._cue, "noise": True}
        self._shown = self._cues = 0
        self._acts: dict[str, tuple[int, int]] = {}
        self.set(**settings)

    @property
    def name(self) -> str:
        """The camera's name for the configuration."""
        return f"path:{self._settings['device']}"

    @property
    def environment(self) -> dict[str, str]:
        """What the child process needs besides its own environment."""
        return {"LD_PRELOAD": str(self._library), "FAKEV4L2_SETTINGS": str(self._folder / "settings")}

    def set(self, **settings: object) -> None:
        """Change settings (the keys of fakev4l2.c); None takes one back to its default."""
        merged = {**self._settings, **settings}
        self._settings = {key: value for key, value in merged.items() if value is not None}
        lines = (f"{key} {int(value) if isinstance(value, bool) else value}\n" for key, value in self._settings.items())
        _replace(self._folder / "settings", "".join(lines).encode())

    def show(self, frames: Iterable[NDArray[np.uint8]], acts: Mapping[str, Iterable[NDArray[np.uint8]]] = {}) -> None:
        """Put other people before the camera.

        :param frames: (h, w, 3) uint8 BGR, shown from the first at every open, and repeated.
        :param acts: frames that :meth:`act` shows.
        """
        images = list(frames)
        idle = len(images)
        self._acts = {}
        for name, doing in acts.items():
            first = len(images)
            images += doing
            self._acts[name] = (first, len(images) - first)
        height, width = images[0].shape[:2]
        self._shown += 1
        # A stream that runs keeps the file it has open.
        path = self._folder / f"frames-{self._shown}.yuyv"
        path.write_bytes(b"".join(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_YUY2).tobytes() for image in images))
        previous = self._settings.get("frames")
        self.set(frames=path, width=width, height=height, idle=idle)
        if previous is not None:
            os.unlink(str(previous))

    def act(self, name: str, times: int = 1) -> None:
        """Let the person before the camera do something now; nothing happens if they do not know how."""
        if name in self._acts:
            self._cues += 1
            first, count = self._acts[name]
            _replace_in_place(self._cue, f"{self._cues} {first} {count} {times}".ljust(64))


def _replace_in_place(path: Path, text: str) -> None:
    """In one write to the same file, which a stream that runs has open."""
    with path.open("r+b", buffering=0) as file:
        file.write(text.encode())


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)
