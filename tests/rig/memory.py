"""Looks through the memory of a running process, as root and the kernel can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: So much is read at once.
_CHUNK = 64 * 1024 * 1024
_WORD = 8
#: Bytes in a row that count as found; so many more are needed for them to hold an aligned word.
RUN = 12


def found(pid: int, needles: Mapping[str, bytes]) -> dict[str, int]:
    """How many places of the process's memory hold ``RUN`` or more bytes in a row of each needle, wherever in it.

    What lies in freed memory has often lost its beginning, so a needle is looked for by all its parts. Every mapping
    that can be read is searched, those of files too: a core image may have them.
    """
    parts = {name: _Needle(needle) for name, needle in needles.items()}
    words = np.unique(np.concatenate([part.words for part in parts.values()]))
    few = np.zeros(1 << 16, dtype=bool)
    few[words & 0xFFFF] = True
    counts = dict.fromkeys(needles, 0)
    for memory in _mappings(pid):
        aligned = np.frombuffer(memory, np.uint64, len(memory) // _WORD)
        candidates = np.flatnonzero(few[aligned.astype(np.uint16)])
        for at in candidates[np.isin(aligned[candidates], words)] * _WORD:
            for name, part in parts.items():
                counts[name] += part.is_at(memory, int(at))
    return counts


class _Needle:
    """A needle, with the aligned words that any longer part of it must hold."""

    def __init__(self, needle: bytes) -> None:
        self._needle = needle
        # Zeros and the like are everywhere.
        self._offsets = [at for at in range(len(needle) - _WORD + 1) if len(set(needle[at : at + _WORD])) > 4]
        self.words: NDArray[np.uint64] = np.array(
            [int.from_bytes(needle[at : at + _WORD], "little") for at in self._offsets], np.uint64
        )

    def is_at(self, memory: bytes, at: int) -> bool:
        """Whether a run of the needle covers the word here."""
        word = int.from_bytes(memory[at : at + _WORD], "little")
        return any(
            self._run(memory, at, self._offsets[which]) >= RUN
            for which in np.flatnonzero(self.words == np.uint64(word))
        )

    def _run(self, memory: bytes, at: int, offset: int) -> int:
        """The length of the run, as far as it matters."""
        before = after = 0
        while before < RUN and offset - before > 0 and at - before > 0:
            if memory[at - before - 1] != self._needle[offset - before - 1]:
                break
            before += 1
        at, offset = at + _WORD, offset + _WORD
        while after < RUN and offset + after < len(self._needle) and at + after < len(memory):
            if memory[at + after] != self._needle[offset + after]:
                break
            after += 1
        return before + _WORD + after


def _mappings(pid: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, rights = line.split()[:2]
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            for at in range(start, end, _CHUNK):
                try:
                    memory.seek(at)
                    yield memory.read(min(_CHUNK, end - at))
                except OSError:
                    # A mapping of a device, or one that is gone by now.
                    break
