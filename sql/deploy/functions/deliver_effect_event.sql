-- Deploy pgsm:functions/deliver_effect_event to pg
-- requires: functions/upgrade_before_event
-- requires: functions/rename_event
-- requires: tables/effects
-- requires: tables/instances
-- requires: functions/apply_event
-- requires: functions/queue_effect_event

begin;
set local role pgsm_owner;

create or replace function pgsm_private.deliver_effect_event (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects,
    event     jsonb
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := deliver_effect_event.instance;
    v_effect    pgsm_private.effects := deliver_effect_event.effect;
    v_event     jsonb := deliver_effect_event.event;
    v_waits     boolean;
    v_next      integer;
begin
    if v_instance.instance_id is null or v_instance.status not in ('active', 'paused') then
        return 'dropped';
    end if;

    select v.paused, v.next_version
    into v_waits, v_next
    from pgsm_private.machine_versions as v
    where v.machine = v_instance.machine and v.version = v_instance.version;

    if v_instance.status = 'active' and v_waits is not true then
        if v_next is not null then
            v_instance := pgsm_private.upgrade_before_event(v_instance);
            v_event := pgsm_private.rename_event(v_event, v_effect);
            if v_instance.status <> 'active' then
                return 'dropped';
            end if;
        end if;
        return (pgsm_private.apply_event(
            v_instance, v_event, 'effect', '{"role": "system"}'
        )).outcome;
    end if;

    perform pgsm_private.queue_effect_event(v_instance, v_effect, v_event);
    return 'held';
end;
$$;

comment on function pgsm_private.deliver_effect_event (
    pgsm_private.instances, pgsm_private.effects, jsonb
) is $comment$
    Apply an effect's event to its instance, whose row the caller has locked.

    Returns the step's outcome; held where the instance or its version is
    paused (the event waits: queue_effect_event); dropped where the
    instance has ended or is gone.
$comment$;

commit;
