"""Arguments and options that several commands over instances have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

instance_argument = click.argument("instance_id", metavar="ID")
machine_option = click.option("--machine", metavar="NAME", help="Of this machine only.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many, at most.",
)


def warn_of_more(found: Sequence[Any], limit: int, more: str = "--limit shows") -> None:
    """Say on standard error that one row more than the limit was found."""
    if len(found) > limit:
        click.echo(f"there are more than {limit}: {more} them", err=True)
