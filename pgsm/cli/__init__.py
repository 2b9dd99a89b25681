"""The command `pgsm`.

A subcommand is a click command in a module of this package, named in COMMANDS and
imported when it is called: `pgsm --version` loads none of them.
"""

from __future__ import annotations

import importlib

import click

from .. import __version__
from .common import CONTEXT_SETTINGS, reporting_errors

COMMANDS = {
    "build": "pgsm.cli.build:build",
    "check": "pgsm.cli.check:check",
    "deploy": "pgsm.cli.deploy:deploy",
    "dev": "pgsm.cli.dev:dev",
    "diagram": "pgsm.cli.diagram:diagram_command",
    "diff": "pgsm.cli.diff:diff",
    "effect": "pgsm.cli.effect:effect",
    "explore": "pgsm.cli.explore:explore",
    "export": "pgsm.cli.formats:export",
    "import": "pgsm.cli.formats:import_",
    "init": "pgsm.cli.init:init",
    "instance": "pgsm.cli.instance:instance",
    "machine": "pgsm.cli.machine:machine",
    "retention": "pgsm.cli.retention:retention",
    "runner": "pgsm.cli.runner:runner",
    "simulate": "pgsm.cli.simulate:simulate",
    "status": "pgsm.cli.deploy:status",
    "test": "pgsm.cli.test:test_command",
    "timer": "pgsm.cli.timer:timer",
    "types": "pgsm.cli.types:types",
    "upgrade": "pgsm.cli.upgrade:upgrade",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, attribute = place.split(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as missing:
            if missing.name == module:
                return None
            raise
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> object:
        with reporting_errors():
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings=CONTEXT_SETTINGS)
@click.version_option(__version__, "-V", "--version", message="pgsm %(version)s")
def main() -> None:
    """Statecharts that run inside PostgreSQL.

    \b
    A private server to try things on, deployed and ready:
        pgsm dev up
        psql "$(pgsm dev dsn)"

    \b
    A database of your own:
        pgsm deploy --dsn postgresql://postgres@db.example/shop

    \b
    Completion in bash (zsh, fish: zsh_source, fish_source):
        eval "$(_PGSM_COMPLETE=bash_source pgsm)"

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
