-- Deploy pgsm:tables/timer_drivers to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.timer_drivers (
    driver_id   text         not null,
    kind        text         not null,
    pid         integer      not null,
    started_at  timestamptz  not null,
    seen_at     timestamptz  not null,
    noted_at    timestamptz,
    noted       text[]       not null default '{}',
    suspects    text[]       not null default '{}',
    constraint timer_drivers_pkey primary key (driver_id),
    constraint kind_is_known check (kind in ('cron', 'runner', 'other'))
) with (
    fillfactor = 20,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 200
);

comment on table pgsm_private.timer_drivers is $comment$
    Who fires timers.  noted are the instances of the turn that is on: committed
    before it, taken back with it, locked during it.  A note that nobody locks and
    that is not taken back is a dead turn's; its instances become suspects of
    whoever finds it, who fires them one a turn.  All times are the real clock's.
$comment$;

commit;
