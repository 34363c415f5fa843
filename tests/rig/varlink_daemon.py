"""The daemons' sockets with answers of our choice: the real wire and interface files, no camera behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from faced.service.interface import Interface
from faced.service.loop import Loop
from faced.service.notify import bind_listener
from faced.service.server import Call, Server


class Daemon:
    """Serves one interface at one path in a thread."""

    def __init__(self, path: Path, interface: str, methods: Mapping[str, Callable[[Call], None]]) -> None:
        self._loop = Loop()
        self._server = Server(self._loop)
        self._server.listen(bind_listener(path, 0o600), Interface.shipped(interface), methods)
        self._thread = threading.Thread(target=self._loop.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.stop()
        self._thread.join()
        self._server.close()
        self._loop.close()
