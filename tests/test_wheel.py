"""The built wheel, installed alone into a fresh environment outside the checkout, is a working ``adamas``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import ledger

pytestmark = pytest.mark.xdist_group("wheel")  # built and installed once, by one process

ROOT = Path(__file__).resolve().parent.parent


def call(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without what would lead Python back into the checkout."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("ADAMAS_", "PYTHON"))
    }
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the project's own build backend from the sources as they are."""
    folder = tmp_path_factory.mktemp("wheel")
    built = call([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("adamas-*.whl")
    return path


@pytest.fixture(scope="module")
def adamas(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a fresh environment that holds the wheel, what the wheel asks for, and no more."""
    folder = tmp_path_factory.mktemp("outside") / "environment"
    with_uv, has_pip = shutil.which("uv"), find_spec("pip") is not None
    venv.create(folder, with_pip=not with_uv and not has_pip)
    inside = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(inside / "python")
    if with_uv:
        install = [with_uv, "pip", "install", "--python", python]
    elif has_pip:  # much quicker than to put a pip into the new environment first
        install = [sys.executable, "-m", "pip", "--python", python, "install"]
    else:
        install = [python, "-m", "pip", "install"]
    installed = call([*install, "--quiet", str(wheel)], folder.parent)
    if installed.returncode != 0 and not os.environ.get("CI"):
        pytest.skip(f"what the wheel asks for cannot be installed here: {installed.stderr.strip()[-300:]}")
    assert installed.returncode == 0, installed.stderr
    return inside / "adamas"


def test_the_wheel_holds_the_library_the_command_and_the_data(wheel: Path) -> None:
    """Types, texts and the documented histories come along; tests and scripts stay at home."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        histories = archive.read("ledger/data/demo/histories.jsonl")
    assert {"ledger/py.typed", "cli/py.typed", "cli/main.py", "ledger/data/demo/README.md"} <= names
    assert [name for name in names if name.startswith("ledger/data/messages/en/")]
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert histories == (ROOT / "scripts" / "data" / "histories.jsonl").read_bytes()
    info = f"adamas-{ledger.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"ledger", "cli", info}


def test_every_module_and_data_file_is_in_the_wheel(wheel: Path) -> None:
    """A file of the two packages that the wheel lacks would be missed only by its user."""
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("ledger", "cli")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "ledger/errors.py" in wanted
    assert wanted - packed == set()


def test_the_installed_command_says_its_version(adamas: Path, tmp_path: Path) -> None:
    """The entry point works outside the checkout, with the wheel's own copy of the library."""
    outcome = call([str(adamas), "--version"], tmp_path)
    assert (outcome.returncode, outcome.stdout) == (0, f"adamas, version {ledger.__version__}\n"), (
        outcome.stderr
    )
    where = call([str(adamas.parent / "python"), "-c", "import ledger; print(ledger.__file__)"], tmp_path)
    assert str(ROOT) not in where.stdout


def test_the_installed_command_explains_itself(adamas: Path, tmp_path: Path) -> None:
    """Help needs every command's module: an undeclared import would show here."""
    outcome = call([str(adamas), "--help"], tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith("Usage: adamas ")


def test_the_installed_library_finds_the_documented_histories(adamas: Path, tmp_path: Path) -> None:
    """Data is found in the wheel as it is in the checkout."""
    program = (
        "from ledger.exchange.demonstration_data import histories_path as p; print(len(p().read_bytes()))"
    )
    outcome = call([str(adamas.parent / "python"), "-c", program], tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert int(outcome.stdout) == (ROOT / "scripts" / "data" / "histories.jsonl").stat().st_size


def test_the_installed_demonstration_plays(adamas: Path, tmp_path: Path) -> None:
    """The whole tour, from the wheel alone: the 37 documented histories and the small live ledger."""
    outcome = call([str(adamas), "demo"], tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "37" in outcome.stdout
    assert "Traceback" not in outcome.stderr
