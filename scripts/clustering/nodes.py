"""Three nodes on loopback: PostgreSQL under Patroni, agreeing by etcd on who leads.

cluster = Cluster.made(folder)      # a new one, in a folder that is empty or not there
cluster.start()
cluster.url                         # for `Ledger.open`, `adamas --ledger`, ...
cluster.kill(cluster.leader(), "machine")
cluster.start()                     # whatever does not run
cluster.stop()
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from clustering import processes
from clustering.programs import Programs, is_root
from clustering.settings import DATABASE, USER, Node, Plan, etcd_arguments, patroni_settings

NAMES = ("north", "middle", "south")
PATIENCE = 120
"""Seconds in which something must have happened."""


class NotHappened(Exception):
    """Something was waited for in vain; the text says what, and where the logs are."""


class Cluster:
    """The nodes of one folder."""

    def __init__(self, plan: Plan, programs: Programs) -> None:
        self.plan = plan
        self.programs = programs
        self.folder = Path(plan.folder)

    @classmethod
    def made(cls, folder: Path) -> Cluster:
        """Set up, not started. Raises `Missing`, and `FileExistsError` where something is in the folder."""
        programs = Programs.found()
        folder = folder.absolute()
        if folder.exists() and any(folder.iterdir()):
            raise FileExistsError(str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        ports = iter(_free_ports(4 * len(NAMES)))
        nodes = tuple(
            Node(name, str(folder / name), next(ports), next(ports), next(ports), next(ports))
            for name in NAMES
        )
        roles = ("postgres", "replicator", "rewinder", USER)
        plan = Plan(str(folder), nodes, {role: secrets.token_hex(16) for role in roles})
        cluster = cls(plan, programs)
        for node in nodes:
            cluster._furnish(node)
        plan.write()
        cluster._write_passfile()
        return cluster

    @classmethod
    def found(cls, folder: Path) -> Cluster:
        """The one that was set up in a folder. Raises `FileNotFoundError`, `Missing`."""
        return cls(Plan.read(folder.absolute()), Programs.found())

    def _furnish(self, node: Node) -> None:
        node.place.mkdir(mode=0o700)
        path = node.place / "patroni.json"
        path.touch(mode=0o600)
        said = patroni_settings(self.plan, node, self.programs.servers)
        path.write_text(json.dumps(said, indent=1), encoding="utf-8")
        if is_root():
            for owned in (node.place, path):
                shutil.chown(owned, "postgres", "postgres")

    def _write_passfile(self) -> None:
        path = self.folder / "passfile"
        path.touch(mode=0o600)
        lines = [f"*:*:*:{role}:{password}\n" for role, password in self.plan.passwords.items()]
        path.write_text("".join(lines), encoding="ascii")

    @property
    def url(self) -> str:
        """All nodes, of which the one that takes writes is looked for."""
        hosts = ",".join(f"127.0.0.1:{node.server}" for node in self.plan.nodes)
        return f"{self._url(hosts)}&target_session_attrs=read-write"

    def url_of(self, node: Node) -> str:
        """One node, for reading."""
        return self._url(f"127.0.0.1:{node.server}")

    def _url(self, hosts: str, user: str = USER, database: str = DATABASE) -> str:
        return f"postgresql://{user}@{hosts}/{database}?passfile={self.folder / 'passfile'}"

    def start(self) -> None:
        """Start what does not run, and wait until one leads and the others follow it."""
        for node in self.plan.nodes:
            self._start(node)
        self.wait(self.is_whole, "three nodes, one of them leading, one of them its synchronous second")
        self._open_database()

    def _start(self, node: Node) -> None:
        if not processes.speaking_of(str(node.place / "etcd")):
            arguments = [self.programs.etcd, *etcd_arguments(self.plan, node)]
            processes.start(arguments, self.folder / f"{node.name}-etcd.log")
        if not processes.speaking_of(str(node.place / "patroni.json")):
            file = str(node.place / "patroni.json")
            processes.start([self.programs.patroni, file], self.folder / f"{node.name}-patroni.log")

    def _open_database(self) -> None:
        hosts = ",".join(f"127.0.0.1:{node.server}" for node in self.plan.nodes)
        url = f"{self._url(hosts, 'postgres', 'postgres')}&target_session_attrs=read-write"
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                return
            password = self.plan.passwords[USER]
            connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{password}'")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")

    def members(self) -> list[dict[str, Any]]:
        """What Patroni says of the nodes: name, role, state, timeline, lag; empty when none answers."""
        for node in self.plan.nodes:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                found = json.loads(_asked(node.rest, "/cluster"))["members"]
                return sorted(found, key=lambda one: NAMES.index(one["name"]))
        return []

    def leader(self) -> Node | None:
        """The node that leads, None while nobody does."""
        names = [one["name"] for one in self.members() if one["role"] == "leader"]
        return next((node for node in self.plan.nodes if node.name in names), None)

    def is_whole(self) -> bool:
        """Whether all nodes run, one leads, another one is its synchronous second, and etcd is healthy."""
        members = self.members()
        roles = sorted(one["role"] for one in members if one["state"] in ("running", "streaming"))
        lines = {one.get("timeline") for one in members}
        return roles == ["leader", "replica", "sync_standby"] and len(lines) == 1 and self._is_etcd_whole()

    def _is_etcd_whole(self) -> bool:
        for node in self.plan.nodes:
            try:
                if json.loads(_asked(node.client, "/health")).get("health") not in (True, "true"):
                    return False
            except (OSError, http.client.HTTPException, ValueError):
                return False
        return True

    def kill(self, node: Node, what: str) -> None:
        """Kill a ``machine`` (server, Patroni, etcd) or only its ``server``, with SIGKILL, all at one
        blow."""
        place = "" if what == "machine" else "/data"
        processes.kill(processes.speaking_of(f"{node.place}{place}"))

    def wait(self, until: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
        """Wait, and say how many seconds it took. Raises `NotHappened`."""
        started = time.monotonic()
        while not until():
            if time.monotonic() - started > seconds:
                raise NotHappened(f"after {seconds:.0f} s still not: {what}; logs: {self.folder}/*.log")
            time.sleep(0.1)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop everything and remove the folder."""
        places = [node.place for node in self.plan.nodes]
        processes.end([pid for place in places for pid in processes.speaking_of(f"{place}/patroni.json")])
        left = [pid for place in places for pid in processes.speaking_of(str(place))]
        processes.end(left, 20)
        shutil.rmtree(self.folder)


def _asked(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
