"""What each node of the cluster is told: an etcd member's arguments, Patroni's file.

| setting                   | value | why                                                             |
|---------------------------|-------|-----------------------------------------------------------------|
| synchronous_mode          | true  | an act is acknowledged when a second server has it on its disk  |
| synchronous_mode_strict   | true  | always: with nobody left for the second copy, writers wait      |
| primary_start_timeout     | 0     | a server that crashed is not waited for: another one takes over |
| ttl, loop_wait            | 10, 2 | seconds until a vanished leader is given up; between two looks  |
| retry_timeout             | 4     | seconds that etcd may be silent before a leader steps down      |
| data checksums, pg_rewind | on    | torn pages are noticed; a leader that comes back can follow     |

Three etcd members, of which any two decide, and three servers, each pair standing for one machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TTL = 10
USER, DATABASE = "keeper", "adamas"
_LOOP, _RETRY = 2, 4
_PARAMETERS = {
    "max_connections": 60,
    "shared_buffers": "64MB",
    "wal_keep_size": "512MB",
    "max_wal_senders": 10,
    "max_replication_slots": 10,
    "wal_log_hints": "on",
    "log_min_messages": "warning",
    "wal_retrieve_retry_interval": "500ms",  # after 5 s, as it is by itself, a new leader has its second
}


@dataclass(frozen=True)
class Node:
    """One machine of the cluster, as it were: a name, a folder of its own, four ports on loopback."""

    name: str
    folder: str
    server: int
    rest: int
    client: int
    peer: int

    @property
    def place(self) -> Path:
        """Its folder."""
        return Path(self.folder)


@dataclass(frozen=True)
class Plan:
    """The cluster as it was set up, kept in its folder: nodes and the passwords of its roles."""

    folder: str
    nodes: tuple[Node, ...]
    passwords: dict[str, str]

    def write(self) -> None:
        """Keep it, for whoever made the cluster only."""
        path = Path(self.folder) / "cluster.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """As it was kept. Raises `FileNotFoundError` where there is no cluster."""
        said = json.loads((folder / "cluster.json").read_text(encoding="utf-8"))
        return cls(said["folder"], tuple(Node(**node) for node in said["nodes"]), said["passwords"])


def etcd_arguments(plan: Plan, node: Node) -> list[str]:
    """The arguments of a node's etcd."""
    members = ",".join(f"{one.name}=http://127.0.0.1:{one.peer}" for one in plan.nodes)
    client, peer = f"http://127.0.0.1:{node.client}", f"http://127.0.0.1:{node.peer}"
    return [
        "--name", node.name,
        "--data-dir", str(node.place / "etcd"),
        "--listen-client-urls", client,
        "--advertise-client-urls", client,
        "--listen-peer-urls", peer,
        "--initial-advertise-peer-urls", peer,
        "--initial-cluster", members,
        "--initial-cluster-state", "new",
        "--initial-cluster-token", f"adamas-{plan.nodes[0].peer}",
        "--logger", "zap",
        "--log-outputs", "stderr",
    ]  # fmt: skip


def patroni_settings(plan: Plan, node: Node, servers: Path) -> dict[str, Any]:
    """A node's Patroni file (JSON is YAML)."""
    roles = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}
    return {
        "scope": "adamas",
        "name": node.name,
        "restapi": {
            "listen": f"127.0.0.1:{node.rest}",
            "connect_address": f"127.0.0.1:{node.rest}",
        },
        "etcd3": {"hosts": [f"127.0.0.1:{one.client}" for one in plan.nodes]},
        "bootstrap": {"dcs": _shared(), "initdb": _INITDB},
        "postgresql": {
            "listen": f"127.0.0.1:{node.server}",
            "connect_address": f"127.0.0.1:{node.server}",
            "data_dir": str(node.place / "data"),
            "bin_dir": str(servers),
            "pgpass": str(node.place / "pgpass"),
            "authentication": {
                kind: {"username": role, "password": plan.passwords[role]} for kind, role in roles.items()
            },
            "pg_hba": [
                "host all all 127.0.0.1/32 scram-sha-256",
                "host replication replicator 127.0.0.1/32 scram-sha-256",
            ],
            "parameters": {"unix_socket_directories": str(node.place)},
        },
        "watchdog": {"mode": "off"},
    }


_INITDB = [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, {"auth-host": "scram-sha-256"}, "data-checksums"]


def _shared() -> dict[str, Any]:
    return {
        "ttl": TTL,
        "loop_wait": _LOOP,
        "retry_timeout": _RETRY,
        "maximum_lag_on_failover": 1_048_576,
        "synchronous_mode": True,
        "synchronous_mode_strict": True,
        "primary_start_timeout": 0,
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": _PARAMETERS},
    }
