"""A TPM in software (swtpm), as systemd-creds and PID 1 use one."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from types import TracebackType

_START_S = 20.0


class SoftwareTpm:
    """A TPM with a state of its own; a context manager.

    ``environment`` names it to systemd-creds and, with the same variable, to systemd.
    """

    def __enter__(self) -> SoftwareTpm:
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="faced-tpm-"))
        subprocess.run(
            ["swtpm_setup", "--tpm2", "--tpmstate", folder, "--create-ek-cert", "--overwrite"],
            check=True,
            capture_output=True,
        )
        port, control = _free_ports()
        self._process = subprocess.Popen(
            [
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}"),
                *("--ctrl", f"type=tcp,port={control},bindaddr=127.0.0.1"),
                *("--server", f"type=tcp,port={port},bindaddr=127.0.0.1"),
                *("--flags", "not-need-init,startup-clear"),
            ]
        )
        self._stack.callback(self._end)
        self.device = f"swtpm:host=127.0.0.1,port={port}"
        self.environment = {"SYSTEMD_TPM2_DEVICE": self.device}
        deadline = time.monotonic() + _START_S
        while not _listens(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("swtpm did not start")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def flush(self) -> None:
        """Forget what earlier users left in it: there is no resource manager as the kernel has one."""
        for what in ("-t", "-s", "-l"):
            subprocess.run(
                ["tpm2_flushcontext", what],
                check=True,
                capture_output=True,
                env={**os.environ, "TPM2TOOLS_TCTI": self.device},
            )

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _free_ports() -> tuple[int, int]:
    """Two that follow each other: swtpm's clients take the control port for the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port, port + 1


def _listens(port: int) -> bool:
    # Not by connecting: swtpm serves one client and then ends.
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(f":{port:04X} 00000000:0000 0A" in line for line in table)
