"""Directories on disk: how we make them, and whether another user can get there."""

import os
import pwd
import subprocess
from pathlib import Path


def make_directory(path: Path) -> None:
    """Make a directory that only we can read, with its parents. One that exists is left as it is.

    Made by root it lets others pass through, but not list it: PostgreSQL runs as another user there.
    """
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)


def can_reach(user: pwd.struct_passwd, path: Path) -> bool:
    """True if the user may enter the directory at this path, or the nearest one above it that exists."""
    while not path.exists():
        path = path.parent
    look = subprocess.run(["test", "-x", path], check=False, cwd="/", **run_as(user))
    return look.returncode == 0


def run_as(user: pwd.struct_passwd | None) -> dict:
    """The arguments that make `subprocess` run as this user, and as ourselves for None."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
