"""This checkout installed in a container: files by packaging/install.sh, Python as in the venv /usr/lib/faced."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.rig.container import Container

ROOT = Path(__file__).parent.parent.parent
_VENV = "usr/lib/faced"
#: The packages that faced needs, mounted where a .pth file finds them: copying 350 MB takes longer than booting.
_DEPENDENCIES = "/usr/lib/faced/dependencies"
_PREDICTOR = Path("/usr/share/dlib")


@contextmanager
def machine_with_faced(binds: Mapping[Path, str] | None = None) -> Iterator[Container]:
    """A booted machine on which faced is installed and nothing of it is configured, enabled or started.

    :param binds: more read-only mounts, path outside to path inside.
    """
    binds = {Path(sysconfig.get_path("purelib")): _DEPENDENCIES, _PREDICTOR: str(_PREDICTOR), **(binds or {})}
    with TemporaryDirectory(prefix="faced-stage-") as folder, Container(binds) as container:
        stage = Path(folder)
        subprocess.run(
            [ROOT / "packaging/install.sh"],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DESTDIR": folder},
            check=True,
        )
        _lay_out_python(stage)
        container.copy_tree(stage)
        container.run("systemd-sysusers", "faced.conf")
        container.run("systemd-tmpfiles", "--create", "faced.conf")
        container.run("journalctl", "--update-catalog")
        container.systemctl("daemon-reload")
        yield container


def _lay_out_python(stage: Path) -> None:
    """The venv as pip would leave it: modules and data files as setup.cfg packs them, and the programs it names."""
    with TemporaryDirectory(prefix="faced-source-") as folder:
        source = Path(folder)
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, source)
        for name in ("faced", "cli"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        library = stage / _VENV / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        library.mkdir(parents=True)
        subprocess.run(
            [sys.executable, "-c", "from setuptools import setup; setup()", "-q", "build_py", "--build-lib", library],
            cwd=source,
            check=True,
            capture_output=True,
        )
    (library / "dependencies.pth").write_text(f"{_DEPENDENCIES}\n")
    (stage / _VENV / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    programs = stage / _VENV / "bin"
    programs.mkdir()
    (programs / "python").symlink_to("/usr/bin/python3")
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    for line in setup["options.entry_points"]["console_scripts"].strip().splitlines():
        name, module, function = line.replace(" = ", ":").split(":")
        program = programs / name
        program.write_text(
            f"#!/{_VENV}/bin/python\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        )
        program.chmod(0o755)
