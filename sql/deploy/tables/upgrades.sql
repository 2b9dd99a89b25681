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
    state         text,
    effects       jsonb        not null default '"keep"',
    history       text         not null default 'keep',
    entry         boolean      not null default false,
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
    'A declared map from one version to another: states, context, and the policies for what runs.';

create table pgsm_private.upgrade_preimages (
    instance_id   text collate "C"  not null,
    revision      bigint            not null,
    from_version  integer           not null,
    to_version    integer           not null,
    instance      jsonb             not null,
    timers        jsonb             not null,
    effects       jsonb             not null,
    keys          jsonb             not null default '{}',
    timers_after  text[]            not null default '{}',
    lasting       text,
    taken_at      timestamptz       not null,
    constraint upgrade_preimages_pkey primary key (instance_id, revision)
);

comment on table pgsm_private.upgrade_preimages is
    $comment$
    What an instance was before the upgrade or repair that made this revision.
    timers_after are the timers that it had then; lasting says why the upgrade
    cannot be undone.
$comment$;

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
