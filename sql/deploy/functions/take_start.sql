-- Deploy pgsm:functions/take_start to pg
-- requires: functions/evaluate
-- requires: functions/write_step
-- requires: functions/raise_refusal
-- requires: functions/time_text

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_start (
    instance  pgsm_private.instances,
    input     jsonb,
    actor     jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := take_start.instance;
    v_result    jsonb;
begin
    v_result := pgsm_private.evaluate('start', array[
        v_instance.checksum,
        null,
        take_start.input::text,
        v_instance.instance_id,
        v_instance.machine,
        v_instance.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(v_instance.clock),
        take_start.actor::text,
        v_instance.revision::text,
        null
    ], v_instance.machine, v_instance.version);
    if v_result ? 'error' then
        perform pgsm_private.raise_refusal(
            v_result -> 'error', 'pgsm.start',
            v_instance.instance_id, v_instance.machine, v_instance.version
        );
    end if;
    return pgsm_private.write_step(
        v_instance, v_result, v_instance.clock, 'start', 'pgsm.start',
        take_start.input, null, take_start.actor, null
    );
end;
$$;

comment on function pgsm_private.take_start (pgsm_private.instances, jsonb, jsonb) is
    'Run the first step of an instance whose row (revision 0) has just been written.';

commit;
