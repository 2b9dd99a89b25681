-- Deploy pgsm:functions/queue_effect_event to pg
-- requires: tables/effects
-- requires: tables/instances
-- requires: tables/timers
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.queue_effect_event (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects,
    event     jsonb
)
  returns void
  language plpgsql
as $$
declare
    v_now  timestamptz := pgsm_private.now();
begin
    insert into pgsm_private.timers
        (instance_id, timer_id, kind, event, data, status, due_at, armed_at)
    values (
        (queue_effect_event.instance).instance_id,
        format('effect/%s/%s', (queue_effect_event.effect).effect_id,
            (queue_effect_event.effect).attempt),
        'message',
        queue_effect_event.event ->> 'type',
        queue_effect_event.event - 'type',
        -- a paused version's timers wait by themselves
        case (queue_effect_event.instance).status when 'paused' then 'held' else 'armed' end,
        v_now,
        v_now
    );
end;
$$;

comment on function pgsm_private.queue_effect_event (
    pgsm_private.instances, pgsm_private.effects, jsonb
) is $comment$
    Let an effect's event wait as a timer of kind message, whose data is an envelope:
    {"data", "output" | "error", "source"}.  That is for instances that are paused,
    and for steps that take too long: the drivers of timers know what to do about
    such a one.  The instance is locked.
$comment$;

commit;
