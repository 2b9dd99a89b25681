-- Deploy pgsm:types/snapshot to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

-- Closed: altering a composite type takes a live service down.  Later facts
-- go into details.
create type pgsm.snapshot as (
    instance_id  text,
    machine      text,
    version      integer,
    status       text,
    value        jsonb,
    states       text[],
    context      jsonb,
    tags         text[],
    output       jsonb,
    revision     bigint,
    outcome      text,
    details      jsonb
);

comment on type pgsm.snapshot is $comment$
    An instance as it stands after a call, and what the call did.

        status    active, paused, done, stopped, failed
        value     the configuration in XState's shape: "a" or {"a": "b"}
        states    paths of all active states in document order
        revision  counts the steps; never goes back
        outcome   taken, no_transition, guarded or deferred; null for reads
        details   facts about the outcome, such as refused_by
$comment$;

commit;
