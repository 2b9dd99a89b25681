-- Deploy pgsm:functions/log_repair to pg
-- requires: tables/event_log
-- requires: tables/instances
-- requires: functions/actor
-- requires: functions/now
-- requires: functions/notify_watchers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.log_repair (
    instance  pgsm_private.instances,
    event     text,
    data      jsonb
)
  returns pgsm_private.instances
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now       timestamptz := pgsm_private.now();
    v_instance  pgsm_private.instances;
begin
    update pgsm_private.instances as i
    set revision = i.revision + 1, clock = greatest(v_now, i.clock)
    where i.instance_id = log_repair.instance.instance_id
    returning i.* into v_instance;
    insert into pgsm_private.event_log (
        instance_id, revision, recorded_at, machine, version, origin, event, data,
        clock, actor, source_states, target_states, transitions, release
    )
    values (
        v_instance.instance_id, v_instance.revision, clock_timestamp(),
        v_instance.machine, v_instance.version, 'repair', log_repair.event,
        jsonb_strip_nulls(log_repair.data), v_instance.clock, pgsm_private.actor(),
        v_instance.states, v_instance.states, '[]', '0.1'
    );
    if v_instance.watched_until is not null then
        perform pgsm_private.notify_watchers(v_instance);
    end if;
    return v_instance;
end;
$$;

comment on function pgsm_private.log_repair (pgsm_private.instances, text, jsonb) is $comment$
    Record what an operator did to a locked instance: a revision and a log row of
    origin repair.  Returns the instance as it is then.
$comment$;

commit;
