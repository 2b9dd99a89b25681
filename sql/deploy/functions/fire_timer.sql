-- Deploy pgsm:functions/fire_timer to pg
-- requires: functions/take_event
-- requires: functions/take_stop
-- requires: functions/first_answer
-- requires: functions/keep_answer
-- requires: functions/refuse_unhandled
-- requires: functions/handle_failure
-- requires: functions/failure_is_awaited
--
-- Plpgsql binds late: take_along, which moves to another version, comes after this.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.fire_timer (
    instance  pgsm_private.instances,
    timer     pgsm_private.timers
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_timer     pgsm_private.timers := fire_timer.timer;
    v_data      jsonb := v_timer.data;
    v_facts     jsonb;
    v_snapshot  pgsm.snapshot;
begin
    if v_timer.kind = 'message' then
        v_facts := v_data - 'data';
        v_data := coalesce(v_data -> 'data', '{}');
    elsif coalesce(v_timer.event_id, v_timer.send_id) is not null then
        v_facts := jsonb_build_object('id', coalesce(v_timer.event_id, v_timer.send_id));
    end if;
    delete from pgsm_private.timers as t
    where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id;

    if v_timer.event_id is not null and (pgsm_private.first_answer(
        v_timer.instance_id, v_timer.event_id, v_timer.event, v_data
    )).instance_id is not null then
        return;  -- it was sent meanwhile
    end if;
    if v_timer.event = 'pgsm.stop' then
        perform pgsm_private.take_stop(fire_timer.instance, v_timer.actor);
        return;
    elsif v_timer.event = 'pgsm.upgrade' then
        perform pgsm_private.take_along(fire_timer.instance);
        return;
    end if;
    if v_timer.timer_id like 'effect/%' and v_timer.event like 'error.invoke.%'
        and not pgsm_private.failure_is_awaited(
            fire_timer.instance, v_facts #>> '{source,effect}')
    then
        return;  -- its state was left meanwhile
    end if;
    v_snapshot := pgsm_private.take_event(
        fire_timer.instance, v_timer.event, v_data, v_facts,
        case
            when v_timer.timer_id like 'deferred/%' then 'deferred'
            when v_timer.kind in ('message', 'post') then v_timer.kind
            else 'timer'
        end,
        v_timer.actor, v_timer.event_id
    );
    if v_timer.kind = 'post' and v_snapshot.outcome in ('no_transition', 'guarded') then
        perform pgsm_private.refuse_unhandled(v_snapshot, v_timer.event, null);
    end if;
    if v_timer.timer_id like 'effect/%' and v_snapshot.outcome = 'taken' then
        perform pgsm_private.handle_failure(v_timer.instance_id, v_facts #>> '{source,effect}');
    end if;
    if v_snapshot.outcome = 'deferred' then
        -- in its old place among those that wait
        update pgsm_private.timers as t
        set armed_at = v_timer.armed_at, ordinal = v_timer.ordinal
        where t.instance_id = v_timer.instance_id
            and t.timer_id = 'deferred/' || v_snapshot.revision;
    end if;
    if v_timer.event_id is not null then
        perform pgsm_private.keep_answer(v_timer.event_id, v_timer.event, v_data, v_snapshot);
    end if;
end;
$$;

comment on function pgsm_private.fire_timer (pgsm_private.instances, pgsm_private.timers) is $comment$
    Apply one due timer to its instance, both of which are locked.  Raises what the
    step raises.
$comment$;

commit;
