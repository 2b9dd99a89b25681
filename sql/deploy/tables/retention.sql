-- Deploy pgsm:tables/retention to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.retention (
    what     text         not null,
    machine  text         not null default '',
    keep     interval,
    action   text         not null default 'delete',
    set_at   timestamptz  not null default clock_timestamp(),
    actor    jsonb        not null,
    constraint retention_pkey primary key (what, machine),
    constraint what_is_known check (what in (
        'log', 'event_ids', 'effects', 'timers', 'preimages', 'instances', 'archive'
    )),
    constraint log_is_kept_for_all_alike check (what <> 'log' or machine = ''),
    constraint only_instances_are_archived
        check (action = 'delete' or (action = 'archive' and what = 'instances')),
    constraint keep_is_not_negative check (keep >= interval '0')
);

comment on table pgsm_private.retention is $comment$
    How long what has ended is kept, for a machine or ('') for those that have no row
    of their own.  keep is null where it is kept for ever.
$comment$;

create table pgsm_private.retention_runs (
    singleton    boolean      not null default true,
    began_at     timestamptz,
    ended_at     timestamptz,
    is_complete  boolean      not null default false,
    removed      jsonb        not null default '{}',
    constraint retention_runs_pkey primary key (singleton),
    constraint there_is_one_row check (singleton)
);

comment on table pgsm_private.retention_runs is $comment$
    The one row of the last run of run_retention: since when, until when, whether it
    came to the end of all, and how much it has removed.
$comment$;

insert into pgsm_private.retention_runs default values;

create table pgsm_private.archived_instances (
    instance_id  text collate "C"  not null,
    incarnation  text              not null,
    machine      text              not null,
    version      integer           not null,
    status       text              not null,
    tenant       text,
    finished_at  timestamptz       not null,
    archived_at  timestamptz       not null,
    instance     jsonb             not null,
    keys         jsonb             not null,
    log          jsonb             not null,
    effects      jsonb             not null,
    constraint archived_instances_pkey primary key (instance_id, incarnation)
);

comment on table pgsm_private.archived_instances is $comment$
    An instance that has ended, with its log and effects, as it was when it was taken
    out of the other tables.  Its id is free again: there may be several of an id.
$comment$;

commit;
