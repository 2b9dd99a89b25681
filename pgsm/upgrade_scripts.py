"""The texts of migrations: from one version to another, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .engine import exact
from .migration_scripts import Change, comment, dollars, literal
from .sqitch_project import Scripts
from .upgrade_draft import Draft

TODO = "TODO"  # no state of anybody's: define_upgrade refuses it


@dataclass(frozen=True)
class Upgrade:
    """An upgrade, there and back; `changes` says what differs between the versions."""

    machine: str
    old: int
    new: int
    there: Draft
    back: Draft
    changes: str


def upgrade_scripts(change: Change, about: Upgrade) -> Scripts:
    """The scripts of a change that takes all running instances to a version."""
    machine = literal(about.machine)
    deploy = f"{change.deploy_head()}\n--\n{_deploy(about, 'begin;', 'commit;')}"
    revert = f"""{change.revert_head()}
--
-- Who is on version {about.new} goes back to version {about.old} by this map, or
-- nobody does: the error lists those that cannot, and why.
{_back_comment(about)}
begin;

select pgsm.set_current_version({machine}, {about.old});

select pgsm.define_upgrade({machine}, {about.new}, {about.old},
    states => {_map(_back_states(about))});

select pgsm.upgrade_all({machine}, {about.old}, filter => '{{"version": {about.new}}}');

commit;
"""
    verify = f"""{change.verify_head()}

begin;

select 1 / count(*) from pgsm.upgrades
where machine = {machine} and from_version = {about.old} and to_version = {about.new};

rollback;
"""
    return Scripts(deploy, revert, verify)


def upgrade_sql(about: Upgrade) -> str:
    """The upgrade as plain SQL, for a tool that opens the transaction itself."""
    return _deploy(about, "", "")


def _deploy(about: Upgrade, begin: str, commit: str) -> str:
    machine = literal(about.machine)
    timers = ""
    if about.there.open_timers:
        rules = {"default": "keep", **_todo(about.there.open_timers)}
        timers = f",\n    timers => {_map(rules)}"
    there = {path: path for path in about.there.states}
    states = _map({**there, **_todo(about.there.open_states)})
    text = f"""-- Machine {about.machine}, version {about.old} to {about.new}:
{comment(about.changes)}
{_to_do(about)}
{begin}

-- Changes of tables and rows can stand here: they, the map and the upgrade of all
-- instances are committed together, or none of them is.

select pgsm.define_upgrade({machine}, {about.old}, {about.new},
    states => {states}{timers});

-- All that run, now.  Where that takes too long for one transaction: without this
-- statement, and then pgsm upgrade run {about.machine} {about.new}
select pgsm.upgrade_all({machine}, {about.new}, filter => '{{"version": {about.old}}}');

select pgsm.set_current_version({machine}, {about.new});

{commit}
"""
    return text.strip("\n") + "\n"


def _todo(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, TODO)


def _map(entries: Mapping[str, str | None]) -> str:
    lines = (
        f"        {exact.dumps(old)}: {exact.dumps(new)}"
        for old, new in entries.items()
    )
    inside = ",\n".join(lines)
    return dollars(f"{{\n{inside}\n    }}", "map") if inside else "'{}'"


def _to_do(about: Upgrade) -> str:
    """What is left to the author, as a comment."""
    there = about.there
    parts = []
    if there.open_states or there.open_timers:
        parts += [
            "To do, or the deploy fails: say what becomes of these.  A state becomes a",
            "state, a list of them (of several regions), or null: refused by name.",
            *proposals("state", there.open_states),
        ]
        if there.open_timers:
            parts += [
                "A timer becomes a timer, which keeps its due time, or null: dropped.",
                *proposals("timer", there.open_timers),
            ]
    if there.context or there.gone:
        template = exact.dumps({"set": there.context, "remove": there.gone})
        parts += [
            "The contexts differ; define_upgrade takes a template like this one,",
            "or the signature of a function of yours:",
            f"    context => {dollars(template, 'context')}",
        ]
    return f"--\n{comment(chr(10).join(parts))}\n" if parts else ""


def proposals(kind: str, found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Lines about what has to be mapped, each with what it may become."""
    for name, likely in found.items():
        perhaps = " or ".join(f'"{each}"' for each in likely)
        yield f'    {kind} "{name}": ' + (f"perhaps {perhaps}" if perhaps else "?")


def _back_states(about: Upgrade) -> dict[str, str | None]:
    return {
        **{path: path for path in about.back.states},
        **dict.fromkeys(about.back.open_states),
    }


def _back_comment(about: Upgrade) -> str:
    back = about.back
    parts = []
    if back.open_states:
        parts += ["In these states they cannot, until the map says where to:"]
        parts += proposals("state", back.open_states)
    if back.open_timers:
        parts += ["nor with these timers, until timers => '{…}' says what they become:"]
        parts += proposals("timer", back.open_timers)
    return comment("\n".join(parts)) + "\n" if parts else ""
