-- Deploy pgsm:tables/upgrades to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create table pgsm_private.upgrades (
    machine       text         not null,
    from_version  integer      not null,
    to_version    integer      not null,
    states        jsonb        not null default '{}',
    context       text,
    timers        jsonb        not null default '"keep"',
    author        text         not null,
    declared_at   timestamptz  not null default clock_timestamp(),
    constraint upgrades_pkey primary key (machine, from_version, to_version),
    constraint upgrades_from_fkey foreign key (machine, from_version)
        references pgsm_private.machine_versions (machine, version),
    constraint upgrades_to_fkey foreign key (machine, to_version)
        references pgsm_private.machine_versions (machine, version),
    constraint versions_differ check (from_version <> to_version)
);

comment on table pgsm_private.upgrades is
    'A declared map from one version to another: states, a SQL function over the context, timers.';

create table pgsm_private.upgrade_preimages (
    instance_id   text collate "C"  not null,
    revision      bigint            not null,
    from_version  integer           not null,
    to_version    integer           not null,
    instance      jsonb             not null,
    timers        jsonb             not null,
    effects       jsonb             not null,
    taken_at      timestamptz       not null,
    constraint upgrade_preimages_pkey primary key (instance_id, revision)
);

comment on table pgsm_private.upgrade_preimages is
    'What an instance was before the upgrade that made this revision.';

create table pgsm_private.upgrade_failures (
    instance_id   text collate "C"  not null,
    to_version    integer           not null,
    machine       text              not null,
    from_version  integer           not null,
    error         jsonb             not null,
    failed_at     timestamptz       not null,
    constraint upgrade_failures_pkey primary key (instance_id, to_version)
);

comment on table pgsm_private.upgrade_failures is
    'An instance that could not be upgraded, and why; removed when it could.';

commit;
