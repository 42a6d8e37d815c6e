"""The programs of the cluster: unmodified ones, from Debian's packages; and as whom they run."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APT = "apt-get install patroni etcd-server postgresql"
"""The one line that a person needs (Debian and what comes from it)."""
_SERVERS = Path("/usr/lib/postgresql")


class Missing(Exception):
    """A program is not installed; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are; ``servers`` is the newest PostgreSQL's own folder of programs."""

    etcd: str
    patroni: str
    servers: Path

    @classmethod
    def found(cls) -> Programs:
        """What is installed here. Raises `Missing`, which names what is not."""
        etcd, patroni = shutil.which("etcd"), shutil.which("patroni")
        servers = sorted(_SERVERS.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
        wanted = {"etcd": etcd, "patroni": patroni, "PostgreSQL's server": servers}
        absent = [name for name, place in wanted.items() if not place]
        if not Path("/proc/self/task").exists():
            raise Missing("the cluster runs on Linux only (its nodes are killed by way of /proc)")
        if etcd is None or patroni is None or not servers:
            raise Missing(f"not installed: {', '.join(absent)}\n  {APT}")
        return cls(etcd, patroni, servers[-1].parent)


def is_root() -> bool:
    """Whether this process is root, as whom no PostgreSQL runs."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def who() -> dict[str, Any]:
    """Arguments for a process that is not root; Debian's package made the user ``postgres``."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if is_root() else {}


def surroundings() -> Mapping[str, str]:
    """Variables for the programs: none of this environment's Python. On 64-bit ARM etcd 3.4 wants to be
    asked."""
    kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    if platform.machine() == "aarch64":
        kept["ETCD_UNSUPPORTED_ARCH"] = "arm64"
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **kept}
