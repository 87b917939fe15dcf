"""PostgreSQL refuses to run as root: which account runs it then, and what that account can reach."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY = Path("/", "dev", "shm")
ROOM = 2 << 30


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that give up root for this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str) -> bool:
        """Whether a command succeeds under this account."""
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                check=False,
                **self.popen(),
            )
        except OSError:
            return False
        return done.returncode == 0


def unprivileged() -> Account | None:
    """An existing account without privileges when we are root, else None: we run things as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError("root has no unprivileged account to lend: neither postgres nor nobody exists.")


def shelter(state: Path) -> Path:
    """Where the data of ``state`` lives when the account cannot reach ``state`` itself."""
    digest = hashlib.sha256(str(state).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"placet-{digest}"


def home(state: Path, account: Account | None) -> Path:
    """A folder the account can enter: ``state``, or a folder in tmp when a parent is closed (0700)."""
    if account is None or account.can("/bin/sh", "-c", 'cd "$0"', str(state)):
        return state
    return _ours(shelter(state))


def in_memory(state: Path) -> Path:
    """Where data of ``state`` lives that may be lost with the machine."""
    return MEMORY / shelter(state).name


def memory(state: Path) -> Path | None:
    """A folder in memory, where there is one with room: on some disks making a file takes most of a millisecond."""
    folder = in_memory(state)
    if not folder.exists() and not (MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM):
        return None
    return _ours(folder)


def _ours(folder: Path) -> Path:
    folder.mkdir(mode=0o711, exist_ok=True)
    # Somebody else could have made it first, to read our data or to lead us elsewhere.
    found = folder.lstat()
    if found.st_uid != os.geteuid() or folder.is_symlink() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not ours; remove it and start again.")
    return folder
