-- Deploy pgsm:tables/machines to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.machines (
    machine          text         not null,
    current_version  integer,
    upgrade_policy   text         not null default 'manual',
    created_at       timestamptz  not null default clock_timestamp(),
    constraint machines_pkey primary key (machine),
    constraint name_is_not_empty check (machine <> ''),
    constraint upgrade_policy_is_known check (upgrade_policy in ('manual', 'lazy'))
);

comment on table pgsm_private.machines is 'A machine: its current version and upgrade policy.';

create table pgsm_private.machine_versions (
    machine       text         not null,
    version       integer      not null,
    checksum      text         not null,
    settings      json         not null,
    unhandled     text         not null default 'ignore',
    time_zone     text         not null default 'UTC',
    paused        boolean      not null default false,
    timers_held   boolean      not null default false,
    next_version  integer,
    functions     jsonb        not null default '{}',
    author        text         not null,
    defined_at    timestamptz  not null default clock_timestamp(),
    constraint machine_versions_pkey primary key (machine, version),
    constraint machine_versions_machine_fkey
        foreign key (machine) references pgsm_private.machines (machine),
    constraint version_is_positive check (version > 0),
    constraint unhandled_is_known check (unhandled in ('ignore', 'refuse'))
);

comment on table pgsm_private.machine_versions is $comment$
    An immutable version of a machine; only paused, next_version (the version that
    instances become before their next event) and timers_held change: drivers have
    held timers of it, which are armed again once it is not paused.  settings holds the
    root's keys that are not states, transitions, actions or implementations;
    functions the hash of each SQL function as it was at definition.
$comment$;

-- Empty as a rule: what each event looks into before it is taken.
create index machine_versions_duty_idx on pgsm_private.machine_versions (machine, version)
    where paused or timers_held or next_version is not null;

alter table pgsm_private.machines
    add constraint machines_current_version_fkey
    foreign key (machine, current_version)
    references pgsm_private.machine_versions (machine, version);

commit;
