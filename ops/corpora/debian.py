"""Debian packages as plain archives: fetched and unpacked by the system's own apt, without root and without installing.

apt keeps its lists and its cache below our folder, so an empty `/var/lib/apt/lists` or another user's lock is no
hindrance; the signatures are checked against the system's keys as always.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 300
_OPTIONS = (
    "Debug::NoLocking=1",
    "APT::Sandbox::User=root",  # as root, apt would give up its rights to a user who cannot write here
    "Acquire::Languages=none",
    "Acquire::Retries=1",
    "Acquire::http::Timeout=15",
    "Acquire::https::Timeout=15",
)


class PackageUnavailableError(Exception):
    """This system cannot bring the package; the message says why in one sentence."""


@dataclass(frozen=True)
class UnpackedPackage:
    """A package as it would lie in the file system.

    Attributes:
        name: of the package.
        version: of the package.
        root: the folder that stands for ``/``.
    """

    name: str
    version: str
    root: Path

    @property
    def copyright(self) -> str:
        """The package's copyright file; empty if it has none."""
        path = self.root / "usr" / "share" / "doc" / self.name / "copyright"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def update_package_lists(state: Path) -> None:
    """Fetch the package lists of the system's sources into our own folder.

    One source that does not answer is no error here: what is missing shows when a package is fetched.

    Raises:
        PackageUnavailableError: apt or dpkg is not here, or no source answers.
    """
    missing = [program for program in ("apt-get", "dpkg-deb") if shutil.which(program) is None]
    if missing:
        raise PackageUnavailableError(f"{' and '.join(missing)} not found: this is no Debian or Ubuntu system")
    for folder in (state / "state" / "lists" / "partial", state / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    update = _run([*_apt(state), "update"], state)
    if not any((state / "state" / "lists").glob("*_Packages*")):
        complaints = [line for line in update.stderr.splitlines() if line.startswith(("E:", "W:"))]
        raise PackageUnavailableError(f"apt-get update: {complaints[0] if complaints else 'brought no package lists'}")


def fetch_package(name: str, state: Path, into: Path) -> UnpackedPackage:
    """Download a package and unpack it below ``into``.

    Args:
        name: of the package.
        state: the folder given to `update_package_lists`.
        into: a folder that is not there yet.

    Raises:
        PackageUnavailableError: apt does not know the package, cannot download it, or it is damaged.
    """
    into.mkdir()
    download = _run([*_apt(state), "download", name], into)
    files = sorted(into.glob(f"{name}_*.deb"))
    if not files:
        complaints = [line for line in download.stderr.splitlines() if line.startswith("E:")]
        raise PackageUnavailableError(f"apt-get download {name}: {complaints[-1] if complaints else 'brought nothing'}")
    root = into / "root"
    unpacked = _run(["dpkg-deb", "-x", str(files[0]), str(root)], into)
    if unpacked.returncode:
        raise PackageUnavailableError(f"dpkg-deb -x {files[0].name}: {unpacked.stderr.strip()}")
    version = files[0].name.split("_")[1].replace("%3a", ":")
    return UnpackedPackage(name, version, root)


def _apt(state: Path) -> list[str]:
    places = (
        f"Dir::State={state / 'state'}",
        f"Dir::State::Lists={state / 'state' / 'lists'}",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={state / 'cache'}",
    )
    return ["apt-get", "-qq", *(word for option in (*places, *_OPTIONS) for word in ("-o", option))]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PackageUnavailableError(f"{command[0]} did not end within {_TIMEOUT_S} s") from error
