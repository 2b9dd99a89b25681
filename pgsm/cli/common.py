"""What all commands share: the connection option, output, and errors in plain words."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
import psycopg
from rich.console import Console

from ..programs import SetupError

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 88}

Command = TypeVar("Command", bound=Callable[..., Any])


def dsn_option(command: Command) -> Command:
    """Add `--dsn`: a libpq connection string; empty leaves it to PGHOST and so on."""
    option = click.option(
        "--dsn",
        envvar="PGSM_DSN",
        default="",
        metavar="DSN",
        help="Connection string or URL; default: PGSM_DSN, else libpq's own environment"
        " (PGHOST, PGPORT, PGUSER, PGDATABASE, …).",
    )
    return option(command)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def console() -> Console:
    """For what people read; its styles vanish when the output is a file or pipe."""
    return Console(highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a dataclass or a plain value as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    click.echo(json.dumps(value, indent=2, default=str))


@contextlib.contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn the errors that a user can do something about into a message and exit 1."""
    try:
        yield
    except SetupError as problem:
        fail(problem.message, problem.hint)
    except psycopg.Error as problem:
        detail = problem.diag.message_detail
        message = problem.diag.message_primary or str(problem).strip()
        code = f" ({problem.sqlstate})" if problem.sqlstate else ""
        facts = f"\ndetail: {detail}" if detail else ""
        fail(f"{message}{code}{facts}", problem.diag.message_hint)


def fail(message: str, hint: str | None = None) -> None:
    """Say what went wrong on standard error and end with exit code 1."""
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(click.style("hint: ", bold=True) + hint, err=True)
    raise click.exceptions.Exit(1)
