"""Run the demo: python -m examples.demo [DSN]

Needs a database in which pgsm is deployed and pg_cron runs: the argument, PGSM_DSN, or
the one of `pgsm dev up`.  Ends with 1 when something did not happen as it should.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psycopg
from rich.console import Console

from pgsm import sqitch
from pgsm.devdb import DevCluster
from pgsm.programs import SetupError

from . import onboardings, orders
from .inbox import Inbox
from .stage import ROOT, Stage, Unexpected, connect

PROJECTS = ("food_delivery", "onboarding")


def main(arguments: list[str]) -> int:
    """0 when all that is shown really happened, else 1."""
    console = Console(highlight=False)
    try:
        dsn = find_dsn(arguments)
        for project in PROJECTS:
            deploy(console, dsn, ROOT / "examples" / project)
        begun = time.monotonic()
        with connect(dsn) as connection, Inbox() as inbox:
            play(Stage(connection, inbox, dsn, console))
    except SetupError as problem:
        console.print(f"[red]error:[/] {problem.message}")
        console.print(problem.hint or "")
        return 1
    except (Unexpected, psycopg.Error) as problem:
        console.print("\n[red bold]this did not happen as it should:[/]")
        console.print(str(problem), markup=False)
        return 1
    console.print(f"\n  all of this happened in {time.monotonic() - begun:.0f} s")
    what_next(console, own_cluster=dsn_given(arguments) is None)
    return 0


def find_dsn(arguments: list[str]) -> str:
    return dsn_given(arguments) or DevCluster(Path(".pgsm")).dsn


def dsn_given(arguments: list[str]) -> str | None:
    return arguments[0] if arguments else os.environ.get("PGSM_DSN")


def deploy(console: Console, dsn: str, project: Path) -> None:
    """Deploy what is pending; a document that was edited since then is an error."""
    pending = sqitch.status(dsn, project).pending
    if pending:
        sqitch.deploy(dsn, project)
    sqitch.verify(dsn, project)
    news = ", ".join(pending) or "nothing new"
    console.print(f"sqitch deploy, verify of examples/{project.name}: {news}")


def play(stage: Stage) -> None:
    """All scenes; those without timers first, since pg_cron begins at the minute."""
    clear(stage)
    stage.start_runner()
    try:
        waiting = onboardings.begin_and_upgrade(stage)
        unanswered = orders.begin_expiring(stage)
        onboardings.kill_a_runner(stage)
        orders.deliver_one(stage)
        orders.show_expired(stage, unanswered)
        orders.upgrade_running(stage)
        onboardings.wait_for_drips(stage, waiting)
    finally:
        stage.stop_runners()
        for machine, version in (("order", 3), ("onboarding", 2)):
            stage.rows("select pgsm.set_current_version(%s, %s)", machine, version)


def clear(stage: Stage) -> None:
    """End what an interrupted run has left; the demo needs all three couriers."""
    stage.rows(
        "select pgsm.stop_instance(instance_id, 'left by an interrupted demo')"
        " from pgsm.instances where instance_id like 'demo-%' and status = 'active'"
    )
    stage.rows("update food.couriers set order_id = null")


def what_next(console: Console, *, own_cluster: bool) -> None:
    pgsm, aiosmtpd = program("pgsm"), program("aiosmtpd")
    dsn = f'PGSM_DSN="$({pgsm} dev dsn)" ' if own_cluster else ""
    psql = f"{pgsm} dev psql" if own_cluster else 'psql "$PGSM_DSN"'
    console.print("\n[bold]What to try next[/]")
    for command, what in (
        (f"{aiosmtpd} -n -l localhost:1025", "a mail server that prints its mails"),
        (f"{dsn}{pgsm} runner examples.handlers", "a runner"),
        (psql, "and there, for example:"),
        ("  select * from crm.sign_up('you', 'you@example.com', day => '10 s');", ""),
        ("  select instance_id, version, status, value from pgsm.instances;", ""),
        ("  select revision, origin, event, changes from pgsm.event_log", ""),
        ("    where instance_id like 'demo-%-order' order by recorded_at;", ""),
        *([(f"{pgsm} dev down", "stops the server; its data stays")] * own_cluster),
    ):
        comment = f"[dim]# {what}[/]" if what else ""
        console.print(f"  {command}", comment, soft_wrap=True)


def program(name: str) -> Path:
    """A program of this environment, by the shortest path that works from here."""
    path, here = Path(sys.executable).with_name(name), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
