"""Small files that must outlive a restart: whole or not at all, and never believed when damaged."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faced.errors import StateError

_LARGEST = 4 * 1024 * 1024


def read_state(path: Path) -> dict[str, Any] | None:
    """The content of a state file; None where there is none yet.

    :raises StateError: unreadable, or not what :func:`write_state` wrote.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
        content = json.loads(data)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"The state file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise damaged(path) from None
    if not isinstance(content, dict):
        raise damaged(path)
    return content


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a state file in one step; when this returns it is on the disk.

    :raises StateError: if it cannot be written; the old content is then still there.
    """
    draft = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(content, sort_keys=True).encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StateError(f"The state file {path} cannot be written: {error.strerror}.") from None


def damaged(path: Path) -> StateError:
    """The error for a state file that nobody should believe."""
    return StateError(f"The state file {path} is damaged. An administrator may delete it after looking into why.")


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
