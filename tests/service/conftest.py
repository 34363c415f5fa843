"""Folders that other users can look into; pytest's own are private."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="faced-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
