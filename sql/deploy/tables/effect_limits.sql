-- Deploy pgsm:tables/effect_limits to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.effect_limits (
    name         text         not null,
    concurrency  integer,
    rate         integer,
    per          interval,
    spent_until  timestamptz  not null default '-infinity',
    constraint effect_limits_pkey primary key (name),
    constraint concurrency_is_positive check (concurrency > 0),
    constraint rate_is_positive check (rate > 0),
    constraint rate_has_an_interval check ((rate is null) = (per is null)),
    constraint interval_is_positive check (per > interval '0')
) with (fillfactor = 50);

comment on table pgsm_private.effect_limits is $comment$
    How many effects of a name may run at once, and how many claims of it may be
    made in an interval, across all runners.  Claims of the name take turns by
    this row's lock.  A claimed effect takes per / rate of time: spent_until is
    when all that was claimed is paid for.
$comment$;

create table pgsm_private.effect_pauses (
    name       text         not null,
    paused_at  timestamptz  not null,
    reason     text,
    actor      jsonb        not null,
    constraint effect_pauses_pkey primary key (name)
);

comment on table pgsm_private.effect_pauses is
    'A name of effects that is not claimed, since when, by whom and why.';

create table pgsm_private.effect_extensions (
    instance_id   text collate "C"  not null,
    effect_id     text              not null,
    deadline_at   timestamptz,
    time_left     interval,
    extend_to     timestamptz       not null,
    constraint effect_extensions_pkey primary key (instance_id, effect_id, extend_to)
);

comment on table pgsm_private.effect_extensions is $comment$
    A deadline that resume_effects has still to put off, since another transaction held
    its effect: the next claim that can does so, where the effect still has this
    deadline_at and time_left.  Empty as a rule.
$comment$;

commit;
