from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from pgsm import __version__
from pgsm.cli import COMMANDS, main


def walk(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(("pgsm", *path)), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, f"{name} is listed and cannot be loaded"
            yield from walk(found, *path, name)


@pytest.mark.parametrize(("path", "command"), list(walk(main)))
def test_help_teaches_with_an_example(path: str, command: click.Command) -> None:
    result = CliRunner().invoke(main, [*path.split()[1:], "--help"])
    assert result.exit_code == 0
    examples = [line for line in result.output.splitlines() if line.startswith("   ")]
    assert any("pgsm " in line for line in examples)


def test_version_loads_no_command() -> None:
    script = (
        "import sys; from pgsm.cli import main\n"
        "try: main(['--version'])\n"
        "finally: print([m for m in sys.modules if m.startswith('pgsm.cli.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    version, modules = done.stdout.splitlines()
    assert version == f"pgsm {__version__}"
    loaded = {place.split(":")[0] for place in COMMANDS.values()}
    assert not loaded & set(modules.strip("[]").replace("'", "").split(", "))
