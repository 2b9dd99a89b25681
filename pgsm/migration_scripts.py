"""The texts of migrations: a version of a machine as sqitch scripts or plain SQL."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .sqitch_project import Scripts


@dataclass(frozen=True)
class Change:
    """A change of a sqitch project; `requires` are the names of others."""

    project: str
    name: str
    requires: tuple[str, ...]

    def deploy_head(self) -> str:
        lines = [f"-- Deploy {self.project}:{self.name} to pg"]
        lines += [f"-- requires: {name}" for name in self.requires]
        return "\n".join(lines)

    def revert_head(self) -> str:
        return f"-- Revert {self.project}:{self.name} from pg"

    def verify_head(self) -> str:
        return f"-- Verify {self.project}:{self.name} on pg"


@dataclass(frozen=True)
class Version:
    """A version of a machine; `before` is the one that new instances had until it."""

    machine: str
    number: int
    before: int | None = None
    make_current: bool = True


def literal(text: str) -> str:
    """The text as a literal of SQL."""
    escaped = text.replace("'", "''")
    if "\\" in escaped:
        escaped = escaped.replace("\\", "\\\\")
        return f"E'{escaped}'"
    return f"'{escaped}'"


def dollars(text: str, tag: str) -> str:
    """The text between dollar quotes that do not occur in it."""
    while f"${tag}$" in text:
        tag += "_"
    return f"${tag}${text}${tag}$"


def comment(text: str) -> str:
    """The text as lines of a comment, with nothing after it that psql would take."""
    return "\n".join(f"-- {line}".rstrip() for line in text.splitlines())


# -------------------------------------------------------------- a version of a machine


def version_scripts(change: Change, version: Version, document: str) -> Scripts:
    """The scripts of a change that defines a version from a file.

    `document` is the file's path as psql sees it, from where sqitch runs.
    """
    machine, number = literal(version.machine), version.number
    read = f"\\set definition `cat {shlex.quote(document)}`"
    current = "" if version.make_current else ", make_current => false"
    deploy = f"""{change.deploy_head()}
--
-- sqitch hashes this script and not the document that it reads: a document that was
-- edited after it was deployed is found by the verify script.

begin;

{read}
select pgsm.define_machine({machine}, :'definition', {number}{current});

commit;
"""
    same = f"{machine}, :'definition', {number}, make_current => false"
    verify = f"""{change.verify_head()}

begin;

select 1 / count(*) from pgsm.machine_versions
where machine = {machine} and version = {number};

-- the same document gives the same version; another one is refused
{read}
select 1 / (pgsm.define_machine({same}) = {number})::integer;

rollback;
"""
    return Scripts(deploy, _version_revert(change, version), verify)


def _version_revert(change: Change, version: Version) -> str:
    before = (
        ""
        if version.before is None
        else f"""
select pgsm.set_current_version({literal(version.machine)}, {version.before});
"""
    )
    return f"""{change.revert_head()}
--
-- The version itself stays: the log of instances that have ended refers to it.

begin;

{running_refused(version.machine, version.number)}
{before}
commit;
"""


def running_refused(machine: str, version: int) -> str:
    """A statement that raises, with their list, while instances run on a version."""
    return f"""do $revert$
declare
    v_count  bigint;
    v_list   text;
begin
    select count(*), string_agg(i.instance_id, ', ' order by i.instance_id)
        filter (where i.place <= 20)
    into v_count, v_list
    from (
        select instance_id, row_number() over (order by instance_id) as place
        from pgsm.instances
        where machine = {literal(machine)} and version = {version}
            and status in ('active', 'paused')
    ) as i;
    if v_count > 0 then
        raise exception 'version % of machine "%" has % running instances',
            {version}, {literal(machine)}, v_count
            using detail = v_list || case when v_count > 20 then ', …' else '' end,
            hint = 'upgrade them to another version, or stop them';
    end if;
end;
$revert$;"""


def version_sql(version: Version, document: str) -> str:
    """A version as plain SQL, its document included."""
    current = "" if version.make_current else ", make_current => false"
    text = dollars(f"\n{document}\n", "definition")
    machine = literal(version.machine)
    return f"""-- Version {version.number} of machine {version.machine}
select pgsm.define_machine({machine}, {text}, {version.number}{current});
"""
