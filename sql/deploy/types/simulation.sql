-- Deploy pgsm:types/simulation to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create type pgsm.simulation as (
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
    details      jsonb,
    changes      jsonb,
    timers       jsonb,
    effects      jsonb,
    messages     jsonb,
    children     jsonb,
    emitted      jsonb
);

comment on type pgsm.simulation is $comment$
    What an event would do: the snapshot as it would be, the context's changes, and
    arrays of the timers, effects, messages, children and notices it would write.
$comment$;

commit;
