"""`pgsm init`: a new project with a first machine."""

from __future__ import annotations

import keyword
import re
import shutil
from importlib import resources
from pathlib import Path

import click

from .. import programs, sqitch_project
from . import machine_add

# the files of the template, and where they go
FILES = {
    "README.md.tmpl": "README.md",
    "order.yaml.tmpl": "order.yaml",
    "init.py.tmpl": "{{name}}/__init__.py",
    "effects.py.tmpl": "{{name}}/effects.py",
    "conftest.py.tmpl": "tests/conftest.py",
    "test_order.py.tmpl": "tests/test_order.py",
    "order.scenarios.yaml.tmpl": "tests/order.scenarios.yaml",
    "compose.yaml.tmpl": "compose.yaml",
    "pyproject.toml.tmpl": "pyproject.toml",
    "requirements.txt.tmpl": "requirements.txt",
    "gitignore.tmpl": ".gitignore",
}
# no names of schemas and packages: they are somebody's already
TAKEN = ("pgsm", "public", "tests", "test", "sqitch", "deploy", "revert", "verify")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--name",
    metavar="NAME",
    help="Of the sqitch project, the schema and the package; default: that of DIR.",
)
@click.pass_context
def init(context: click.Context, directory: Path, name: str | None) -> None:
    """Start a project: a machine, its database, its effects and tests.

    Makes DIR a sqitch project with a table, a SQL function and a first machine
    (order.yaml), a Python package with a handler of its effect, tests (scenarios and
    pytest), compose.yaml and a README.md that says how to go on.  Needs sqitch, and no
    database.

    \b
    Examples:
        pgsm init shop
        pgsm init ~/work/web-shop --name shop
    """
    chosen = _name(directory, name)
    existed = directory.exists()
    if existed and (not directory.is_dir() or any(directory.iterdir())):
        raise click.BadParameter(f"{directory} is not empty", param_hint="DIR")
    programs.require_sqitch()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        _fill(context, directory, chosen)
    except BaseException:
        # half a project would be in the way of the next attempt
        _empty(directory, existed)
        raise
    click.echo(f"\nnext:\n  cd {directory}\n  cat README.md")


def _name(directory: Path, name: str | None) -> str:
    """The project's name, which is one for Python and PostgreSQL, too."""
    found = name
    if found is None:
        found = re.sub(r"[^a-z0-9]+", "_", directory.resolve().name.lower()).strip("_")
    if (
        not _NAME.fullmatch(found)
        or keyword.iskeyword(found)
        or found in TAKEN
        or found.startswith("pg_")
    ):
        raise click.BadParameter(
            f'"{found}" cannot be a schema, a package and a project: letters, digits'
            " and underscores, and a word that is free",
            param_hint="--name",
        )
    return found


def _fill(context: click.Context, directory: Path, name: str) -> None:
    for template, place in FILES.items():
        path = directory / place.replace("{{name}}", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(template, name), encoding="utf-8")
        click.echo(path)
    project = sqitch_project.init(directory, name)
    scripts = sqitch_project.Scripts(
        *(_text(f"{kind}.sql.tmpl", name) for kind in ("deploy", "revert", "verify"))
    )
    requires, note = [sqitch_project.PGSM], "What machines read and write"
    for path in sqitch_project.add(project, "tables", requires, note, scripts):
        click.echo(directory / path.relative_to(project.directory))
    context.invoke(
        machine_add.add,
        file=directory / "order.yaml",
        directory=directory,
        written="sqitch",
        requires=(),
    )


def _text(template: str, name: str) -> str:
    place = resources.files("pgsm") / "project_template" / template
    return place.read_text("utf-8").replace("{{name}}", name)


def _empty(directory: Path, existed: bool) -> None:
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    if not existed:
        directory.rmdir()
