"""Where the stack keeps its data, and who may enter there.

PostgreSQL refuses to run as root. When we are root its server runs as the user ``postgres`` (else ``nobody``), so the data
folder and the server's binaries must lie on a path that this user can enter; a checkout below a private home does not.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[4]


@dataclass(frozen=True, slots=True)
class Identity:
    """The operating-system user that the database server runs as."""

    name: str
    uid: int
    gid: int


def server_identity() -> Identity:
    """``postgres`` or ``nobody`` when we are root, otherwise ourselves."""
    if os.geteuid() != 0:
        return Identity(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(name, user.pw_uid, user.pw_gid)
    raise RuntimeError("PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody")


def can_enter(path: Path, who: Identity) -> bool:
    """Whether ``who`` may pass every existing folder on the way to ``path`` (access lists are not looked at)."""
    resolved = path.resolve()
    for folder in (resolved, *resolved.parents):
        if not folder.is_dir():
            continue
        found = folder.stat()
        if found.st_uid == who.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == who.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def substitute_folder() -> Path:
    """This checkout's folder under /var/tmp, for what may not lie in the checkout itself; created when absent.

    Raises PermissionError when somebody else made a folder of that name.
    """
    folder = Path("/var/tmp") / f"onewindow-{hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:12]}"
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else; set ONEWINDOW_DATA_DIR")
    return folder


def choose_data_dir() -> Path:
    """ONEWINDOW_DATA_DIR, else ``.data`` in the checkout, else (with one line on stderr) a folder under /var/tmp."""
    who = server_identity()
    wanted = os.environ.get("ONEWINDOW_DATA_DIR")
    folder = Path(wanted).absolute() if wanted else REPOSITORY / ".data"
    if not can_enter(folder, who):
        if wanted:
            raise PermissionError(f"ONEWINDOW_DATA_DIR={wanted} cannot be entered by {who.name}, the user PostgreSQL runs as")
        substitute = substitute_folder()
        print(f"{folder} cannot be entered by {who.name}: the data lies in {substitute}", file=sys.stderr)
        folder = substitute
    folder.mkdir(parents=True, exist_ok=True)
    return folder
