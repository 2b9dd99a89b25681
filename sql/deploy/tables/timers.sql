-- Deploy pgsm:tables/timers to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.timers (
    instance_id  text collate "C"  not null,
    timer_id     text              not null,
    kind         text              not null,
    state        text,
    delay        text,
    send_id      text,
    event        text              not null,
    data         jsonb             not null default '{}',
    event_id     text,
    actor        jsonb             not null default '{"role": "system"}',
    sender       text collate "C",
    ordinal      bigint            not null default 0,
    status       text              not null default 'armed',
    due_at       timestamptz       not null,
    armed_at     timestamptz       not null,
    attempts     integer           not null default 0,
    last_error   jsonb,
    constraint timers_pkey primary key (instance_id, timer_id),
    constraint kind_is_known check (kind in ('after', 'send', 'post', 'message')),
    constraint status_is_known
        check (status in ('armed', 'held', 'deferred', 'failed', 'undeliverable')),
    constraint after_has_a_state check (kind <> 'after' or (state is not null and delay is not null))
) with (
    fillfactor = 90,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

create index timers_due_idx on pgsm_private.timers (due_at) where status = 'armed';

create index timers_held_idx on pgsm_private.timers (instance_id) where status = 'held';

create index timers_sent_idx on pgsm_private.timers (sender, send_id)
    where kind = 'message' and (send_id is not null or state is not null);

comment on table pgsm_private.timers is $comment$
    A delayed, posted or deferred event of an instance, known by the state and
    delay key (after), the send id (send) or its own id (post, message).
    Deleted when it fires or its state is left; kept with its error when it
    fails.  Within an instance rows fire by due_at, armed_at, ordinal; the ordinal
    is the place in the sender's history: 1000000 * revision + place in the step.
    A message with a state ('', the root) is dropped when its sender ends before it is
    due: SCXML's.
$comment$;

commit;
