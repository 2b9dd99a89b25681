-- Deploy pgsm:tables/instances to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create table pgsm_private.instances (
    instance_id     text collate "C"  not null,
    machine         text              not null,
    version         integer           not null,
    checksum        text              not null,
    status          text              not null,
    states          text[]            not null,
    value           jsonb,
    tags            text[]            not null default '{}',
    context         jsonb             not null,
    history         jsonb             not null default '{}',
    work            jsonb             not null default '{}',
    output          jsonb,
    revision        bigint            not null,
    incarnation     text              not null,
    tenant          text,
    parent_id       text collate "C",
    parent_invoke   text,
    depth           smallint          not null default 0,
    clock           timestamptz       not null,
    started_at      timestamptz       not null,
    finished_at     timestamptz,
    format_version  smallint          not null default 1,
    watched_until   timestamptz,
    constraint instances_pkey primary key (instance_id),
    constraint instance_id_is_not_empty check (instance_id <> ''),
    constraint status_is_known
        check (status in ('active', 'paused', 'done', 'stopped', 'failed', 'deleted'))
) with (
    -- room for HOT updates: no indexed column changes with an event
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

create index instances_machine_idx on pgsm_private.instances (machine, version, instance_id);
create index instances_parent_idx on pgsm_private.instances (parent_id)
    where parent_id is not null;
create index instances_tenant_idx on pgsm_private.instances (machine, tenant)
    where tenant is not null;

-- Who has ended, for the retention: an instance is not in it before its last step.
create index instances_finished_idx on pgsm_private.instances (finished_at)
    where finished_at is not null;

comment on table pgsm_private.instances is $comment$
    A running or finished instance.  states, value and tags are written by the
    interpreter together; work is what it keeps of children, of invocations
    with "each" and of times of entry; parent_invoke is the id by which its
    parent knows a child, depth how many are above it; clock is the last step's, which the next may not
    precede; checksum is its version's, so that a step needs no other row.
    Until watched_until its steps notify who watches.
    A deleted one is a tombstone: id, revision and incarnation, while there is
    history of it.
$comment$;

create table pgsm_private.instance_keys (
    instance_id  text collate "C"  not null,
    machine      text              not null,
    name         text              not null,
    value        text              not null,
    constraint instance_keys_pkey primary key (instance_id, name, value)
);

create index instance_keys_value_idx on pgsm_private.instance_keys (machine, name, value);

comment on table pgsm_private.instance_keys is
    'A searchable value of an instance; written only when it changes.';

create table pgsm_private.event_ids (
    instance_id  text collate "C"  not null,
    event_id     text              not null,
    event        text              not null,
    data         jsonb             not null,
    answer       jsonb             not null,
    recorded_at  timestamptz       not null,
    constraint event_ids_pkey primary key (instance_id, event_id)
) with (
    -- a day's ids go at once: their room is for the next day's
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

create index event_ids_recorded_idx on pgsm_private.event_ids using brin (recorded_at);

comment on table pgsm_private.event_ids is
    'Idempotency keys of sent events, each with the answer that was given first.';

commit;
