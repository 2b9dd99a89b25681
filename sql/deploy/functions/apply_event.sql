-- Deploy pgsm:functions/apply_event to pg
-- requires: functions/take_event

begin;
set local role pgsm_owner;

create or replace function pgsm_private.apply_event (
    instance  pgsm_private.instances,
    event     jsonb,
    origin    text,
    actor     jsonb
)
  returns pgsm.snapshot
  language sql
as $$
    select pgsm_private.take_event(
        apply_event.instance,
        apply_event.event ->> 'type',
        coalesce(apply_event.event -> 'data', '{}'),
        apply_event.event - '{type,data}'::text[],
        apply_event.origin,
        apply_event.actor,
        null
    )
$$;

comment on function pgsm_private.apply_event (pgsm_private.instances, jsonb, text, jsonb) is
    'take_event for an event of the system, given as one object: {"type", "data", "output", "error", "source"}.';

commit;
