"""Tests in a booted machine. They need root, mmdebstrap and systemd-nspawn, which tools/setup.sh installs."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them to one worker: they share the cached root file system and the machine's two cores."""
    for item in items:
        if item.path.parent.name == "container":
            item.add_marker(pytest.mark.container)
            item.add_marker(pytest.mark.xdist_group("container"))
