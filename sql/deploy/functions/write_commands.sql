-- Deploy pgsm:functions/write_commands to pg
-- requires: functions/end_state_work
-- requires: functions/insert_timers
-- requires: functions/insert_effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_commands (
    instance  pgsm_private.instances,
    result    jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := write_commands.instance;
    v_result    jsonb := write_commands.result;
begin
    if v_result ? 'exited' then
        perform pgsm_private.end_state_work(
            v_instance.instance_id,
            array(select jsonb_array_elements_text(v_result -> 'exited')),
            v_instance.clock
        );
    end if;
    if v_result ? 'cancel' then
        delete from pgsm_private.timers as t
        where t.instance_id = v_instance.instance_id
            and t.kind = 'send'
            and v_result -> 'cancel' ? t.send_id;
    end if;
    if v_result ? 'timers' or v_result ? 'messages' then
        perform pgsm_private.insert_timers(v_instance, v_result);
    end if;
    if v_result ? 'effects' then
        perform pgsm_private.insert_effects(v_instance, v_result);
    end if;
    if v_result ? 'keys' then
        perform pgsm_private.write_keys(v_instance, v_result -> 'keys');
    end if;
    if v_instance.status = 'done' then
        -- nothing of its own can reach it any more; messages stay, visible
        delete from pgsm_private.timers as t
        where t.instance_id = v_instance.instance_id and t.kind in ('after', 'send');
    end if;
end;
$$;

comment on function pgsm_private.write_commands (pgsm_private.instances, jsonb) is $comment$
    Write what a step did beside its instance: timers, then effects (the lock
    order), keys.  The instance is locked and carries the step's revision.
$comment$;

commit;
