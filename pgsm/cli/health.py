"""How `pgsm status` says what `pgsm.health` has found."""

from __future__ import annotations

from rich.console import Console

from ..health import Health

KINDS = {"cron": "pg_cron", "runner": "runner --timers", "other": "another driver"}
LATE_SECONDS = 10.0
OLD_SECONDS = 600.0


def show_health(out: Console, found: Health) -> None:
    """Print it in the words of people."""
    out.print(f"timers:   {_drivers(found)}")
    out.print(f"          {_backlog(found)}")
    if found.retrying or found.failed or found.undeliverable:
        out.print(
            f"          [yellow]{found.failed} failed, {found.undeliverable}"
            f" undeliverable,[/] {found.retrying} tried again: pgsm.late_timers"
        )
    out.print(f"log:      partitions for {found.partitions_ahead} months ahead")
    if found.oldest_snapshot is not None:
        text = f"oldest snapshot {_seconds(found.oldest_snapshot)}"
        out.print(f"          {_mark(text, found.oldest_snapshot > OLD_SECONDS)}")
    for problem in found.problems():
        out.print(f"[red]problem:[/]  {problem}")


def _drivers(found: Health) -> str:
    if found.stopped:
        return "[yellow]stopped[/] (stop_timers, or a copy that was not adopted)"
    if not found.drivers:
        return "[yellow]nobody fires them[/]: enable_cron(), or pgsm runner --timers"
    kinds = [
        KINDS.get(kind, kind) + (f" ({count})" if count > 1 else "")
        for kind, count in sorted(found.drivers.items())
    ]
    return f"fired by {', '.join(kinds)}"


def _backlog(found: Health) -> str:
    if found.lateness is None:
        later = (
            f"the next at {found.next_at:%Y-%m-%d %H:%M:%S %Z}" if found.next_at else ""
        )
        return f"none is due{later and f', {later}'}"
    text = f"{found.backlog} due, the first for {_seconds(found.lateness)}"
    return _mark(text, found.lateness > LATE_SECONDS)


def _mark(text: str, is_bad: bool) -> str:
    return f"[yellow]{text}[/]" if is_bad else text


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
