-- Deploy pgsm:types/claimed_effect to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create type pgsm.claimed_effect as (
    instance_id   text,
    effect_id     text,
    name          text,
    kind          text,
    state         text,
    invoke_id     text,
    machine       text,
    version       integer,
    tenant        text,
    key           text,
    input         jsonb,
    progress      jsonb,
    attempt       integer,
    attempts      integer,
    lease_token   uuid,
    claimed_at    timestamptz,
    lease_until   timestamptz,
    deadline_at   timestamptz,
    timeout       interval,
    due_at        timestamptz,
    trace         text
);

comment on type pgsm.claimed_effect is $comment$
    An effect that a runner has claimed and now does.

        key          the idempotency key: the same for all attempts
        attempt      counts from 1; attempts is how many the policy allows
        progress     what an earlier attempt reported through its heartbeat
        lease_token  proves the claim; a new one for each attempt
        claimed_at   the database's clock, to which the other times belong
        timeout      how long this attempt may take; null is no limit
        due_at       since when this attempt could be claimed
        trace        the traceparent of the step that wrote it, or null
$comment$;

commit;
