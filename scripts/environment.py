"""The project's own environment, ``.venv``: made when missing, renewed when pyproject.toml or uv.lock change.

Every script begins with ``environment.enter(...)``. Whatever Python started the script, it goes on inside
``.venv``, where the project is installed editable with the extras the script needs. Made with uv where uv is
on the PATH (as uv.lock says), otherwise with venv and pip. Needs no root, and no network beyond installing.

Only the standard library, and only what Python 3.6 understands: an old Python must be able to say that it
is old. ``enter`` ends the process with a sentence (exit 1) when no environment can be made.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")
UV = "uv (https://docs.astral.sh/uv/, needs no root and brings a Python with it)"
PROBE = """
import sys
print("%d.%d.%d" % sys.version_info[:3])
try:
    import venv, ensurepip
except ImportError:
    print("no venv")
"""


class Interpreter(NamedTuple):
    """A Python that was asked: its version (empty: it did not run), and whether it can make environments."""

    command: str
    version: Tuple[int, ...]
    venv: bool

    def __str__(self) -> str:
        if not self.version:
            return "{}: not there, or does not run".format(self.command)
        lacking = "" if self.venv else ", without venv"
        return "{}: Python {}{}".format(self.command, ".".join(map(str, self.version)), lacking)


class CannotMake(Exception):
    """No environment can be made; the text is for the person at the terminal."""


def probe(command: str) -> Interpreter:
    """Ask a Python for its version, and whether it can make environments."""
    try:
        answer = subprocess.run(
            [command, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return Interpreter(command, (), False)
    lines = answer.stdout.decode("ascii", "replace").split("\n") if answer.returncode == 0 else []
    numbers = lines[0].strip().split(".") if lines else []
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        return Interpreter(command, (), False)
    return Interpreter(command, tuple(map(int, numbers)), "no venv" not in lines[1])


def candidates(which: Callable[[str], Optional[str]] = shutil.which) -> List[str]:
    """The Pythons worth asking: the one that runs now, then those on the PATH, the newest name first."""
    found = [sys.executable] + [which(name) or "" for name in NAMES]
    return [command for number, command in enumerate(found) if command and command not in found[:number]]


def choose(commands: Sequence[str], ask: Callable[[str], Interpreter] = probe) -> Interpreter:
    """The first Python that is new enough and can make environments.

    Raises ``CannotMake`` with what was tried, and with the one thing to install.
    """
    tried = []
    for command in commands:
        interpreter = ask(command)
        if interpreter.version >= OLDEST and interpreter.venv:
            return interpreter
        tried.append(interpreter)
    listing = "".join("\n  {}".format(interpreter) for interpreter in tried)
    recent = [interpreter for interpreter in tried if interpreter.version >= OLDEST]
    if recent:
        raise CannotMake(
            "{} is new enough, but has no working venv (Debian and Ubuntu ship it as a package of its own).\n"
            "Install it (apt install python{}.{}-venv), or {}.\nTried:{}".format(
                recent[0].command, recent[0].version[0], recent[0].version[1], UV, listing
            )
        )
    raise CannotMake(
        "Adamas needs Python {}.{} or newer, and none was found.\n"
        "Install one from https://www.python.org/downloads/, or {}.\nTried:{}".format(*OLDEST, UV, listing)
    )


class Environment:
    """The folder ``.venv`` of one checkout, and the stamp in it that says what it was made from."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.stamp = self.folder / "adamas-environment.json"

    @property
    def python(self) -> Path:
        """The interpreter inside, where this system puts it."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def with_earlier(self, extras: Sequence[str]) -> List[str]:
        """The extras to install: those asked for, and those that an earlier script had installed."""
        return sorted(set(extras) | set(self._stamped().get("extras", ())))

    def wanted(self, extras: Sequence[str]) -> Dict[str, object]:
        """What the stamp of an up-to-date environment with these extras says."""
        digest = hashlib.sha256()
        for name in ("pyproject.toml", "uv.lock"):
            path = self.root / name
            digest.update(path.read_bytes() if path.is_file() else b"")
        return {
            "made_from": digest.hexdigest(),
            "checkout": str(self.root),
            "extras": list(extras),
        }

    def _stamped(self) -> Dict[str, List[str]]:
        try:
            stamped = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # no stamp, or one half written: the environment is made again
            return {}
        return stamped if isinstance(stamped, dict) else {}

    def is_current(self, extras: Sequence[str]) -> bool:
        """True when nothing needs to be installed."""
        return self.python.exists() and self._stamped() == self.wanted(self.with_earlier(extras))

    def make(self, extras: Sequence[str]) -> None:
        """Make or renew the environment. Raises ``CannotMake``."""
        chosen = self.with_earlier(extras)
        wanted = self.wanted(chosen)
        if self.stamp.exists():
            self.stamp.unlink()  # so that a run which is interrupted here is repeated by the next
        if not self._make_with_uv(chosen):
            self._make_with_pip(chosen)
        self.stamp.write_text(json.dumps(wanted), encoding="utf-8")

    def _make_with_uv(self, extras: Sequence[str]) -> bool:
        uv = shutil.which("uv")
        if uv is None:
            return False
        say("installing into {} with uv, as uv.lock says".format(self.folder))
        variables = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(self.folder))
        variables.pop("VIRTUAL_ENV", None)  # somebody's own environment, which uv would warn about
        command = [uv, "sync", "--quiet", "--locked", "--inexact"]
        for extra in extras:
            command += ["--extra", extra]
        if subprocess.call(command, cwd=str(self.root), env=variables) == 0:
            return True
        say("uv could not do it (its reason stands above); going on with venv and pip")
        return False

    def _make_with_pip(self, extras: Sequence[str]) -> None:
        inside = probe(str(self.python)) if self.python.exists() else Interpreter("", (), False)
        if inside.version < OLDEST:
            maker = choose(candidates())
            say("making {} with {}".format(self.folder, maker))
            self._call([maker.command, "-m", "venv", "--clear", str(self.folder)], "venv could not make it")
        python = str(self.python)
        if subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL) != 0:
            self._call([python, "-m", "ensurepip", "--default-pip"], "there is no pip in it (uv makes it so)")
        say("installing into {} with pip".format(self.folder))
        project = str(self.root) + ("[{}]".format(",".join(extras)) if extras else "")
        options = ["--quiet", "--disable-pip-version-check", "--no-warn-script-location"]
        self._call(
            [python, "-m", "pip", "install", *options, "--editable", project],
            "pip could not install the project (its reason stands above)",
        )

    def _call(self, command: Sequence[str], trouble: str) -> None:
        if subprocess.call(command, cwd=str(self.root)) != 0:
            raise CannotMake("{}: {}".format(self.folder, trouble))


def say(sentence: str) -> None:
    """One line to the person, beside the script's own output."""
    print("{}: {}".format(Path(sys.argv[0]).name, sentence), file=sys.stderr, flush=True)


def enter(extras: Sequence[str] = (), environment: Optional[Environment] = None) -> None:
    """Return only inside the environment; elsewhere start the script again in there and end as it ends."""
    environment = environment or Environment()
    if not environment.is_current(extras):
        try:
            environment.make(extras)
        except CannotMake as trouble:
            say(str(trouble))
            sys.exit(1)
    if Path(sys.prefix).resolve() == environment.folder.resolve():
        return
    command = [str(environment.python), *sys.argv]
    if os.name == "nt":  # exec on Windows returns to the shell before the work is done
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)
