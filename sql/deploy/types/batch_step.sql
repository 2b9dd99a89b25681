-- Deploy pgsm:types/batch_step to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create type pgsm_private.batch_step as (
    place     integer,
    instance  pgsm_private.instances,
    clock     timestamptz,
    event     jsonb,
    result    jsonb
);

comment on type pgsm_private.batch_step is $comment$
    An event of a batch, its instance (before the step; after it, when it is written)
    and what the engine made of it.  place is the event's in its round, from 1.
$comment$;

commit;
