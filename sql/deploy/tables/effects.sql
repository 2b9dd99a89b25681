-- Deploy pgsm:tables/effects to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.effects (
    instance_id       text collate "C"  not null,
    effect_id         text              not null,
    machine           text              not null,
    version           integer           not null,
    tenant            text,
    name              text              not null,
    kind              text              not null,
    state             text,
    invoke_id         text,
    item              integer,
    reply             text,
    key               text              not null,
    input             jsonb             not null default '{}',
    policy            jsonb             not null default '{}',
    priority          integer           not null default 0,
    place             bigint[],
    held_back         boolean           not null default false,
    parked            text,
    status            text              not null default 'pending',
    due_at            timestamptz       not null,
    deadline_at       timestamptz,
    time_left         interval,
    attempt           integer           not null default 0,
    lease_token       uuid,
    lease_until       timestamptz,
    runner_id         text,
    cancel_requested  boolean           not null default false,
    progress          jsonb,
    output            jsonb,
    error             jsonb,
    created_at        timestamptz       not null,
    claimed_at        timestamptz,
    finished_at       timestamptz,
    trace             text,
    constraint effects_pkey primary key (instance_id, effect_id),
    constraint kind_is_known check (kind in ('invoke', 'action')),
    constraint status_is_known check (status in (
        'pending', 'retrying', 'running', 'succeeded', 'failed', 'cancelled', 'late'
    )),
    constraint invoke_has_an_id check (kind <> 'invoke' or invoke_id is not null),
    constraint lease_belongs_to_a_running_effect
        check ((status = 'running') = (lease_token is not null)),
    constraint lease_has_an_owner_and_an_end
        check ((lease_token is null) = (lease_until is null)
            and (lease_token is null) = (runner_id is null)),
    constraint held_back_belongs_to_an_order check (not held_back or place is not null),
    constraint parked_for_a_known_reason check (parked in ('version', 'instance'))
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

-- Held-back and parked ones are not in it: claims would pass over all of them each time.
create index effects_due_idx on pgsm_private.effects (name, priority desc, due_at)
    where status in ('pending', 'retrying') and not held_back and parked is null;
create index effects_lease_idx on pgsm_private.effects (lease_until)
    where status = 'running';

-- How many of a name run, for its limit.
create index effects_running_idx on pgsm_private.effects (name, lease_until)
    where status = 'running';

-- What of an instance is not over: a step that leaves a state ends it, and must not
-- read all that the instance has ever done.
create index effects_live_idx on pgsm_private.effects (instance_id)
    where status in ('pending', 'retrying', 'running', 'failed');

-- Who is first in the order of an instance and name.
create index effects_place_idx on pgsm_private.effects (instance_id, name, place)
    where place is not null and status in ('pending', 'retrying', 'running', 'failed');

-- What waits for its version or its instance to be resumed.
create index effects_parked_idx
    on pgsm_private.effects (parked, machine, version, priority desc, due_at)
    where parked is not null and status in ('pending', 'retrying');
-- The open incidents.
create index effects_open_idx on pgsm_private.effects (name, finished_at)
    where status = 'failed' and coalesce(error ->> 'handled', '') <> 'true';

-- Answers that nobody has resolved.
create index effects_late_idx on pgsm_private.effects (name) where status = 'late';
-- What ended lately, and what ended long ago.
create index effects_finished_idx on pgsm_private.effects (finished_at)
    where finished_at is not null;

comment on table pgsm_private.effects is $comment$
    The outbox: work on the outside world, done at least once by a runner.  key
    is the idempotency key, written once.  policy is the declared one with the
    use's overrides: {"retry": {"attempts", "backoff", "factor", "max",
    "jitter"}, "timeout", "within"}.
    place is {revision, ordinal} where the effect is ordered; held_back while an
    earlier one of its instance and name is not over.  parked is why claims do not see
    it: its version or its instance is paused.  trace is the traceparent of the
    transaction that wrote it.  time_left is the rest of a
    deadline that stands still because the name is paused.
$comment$;

create table pgsm_private.runners (
    runner_id      text         not null,
    names          text[]       not null,
    started_at     timestamptz  not null,
    seen_at        timestamptz  not null,
    waiting_until  timestamptz,
    constraint runners_pkey primary key (runner_id)
);

comment on table pgsm_private.runners is $comment$
    A living runner.  waiting_until is in the future while it sleeps and wants
    to be woken by NOTIFY; senders look here and notify nobody otherwise.
$comment$;

commit;
