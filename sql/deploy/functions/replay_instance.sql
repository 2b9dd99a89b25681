-- Deploy pgsm:functions/replay_instance to pg
-- requires: functions/replay_rows
-- requires: functions/evaluate
-- requires: functions/find_upgrade

begin;
set local role pgsm_owner;

create or replace function pgsm_private.replay_instance (
    instance  pgsm_private.instances,
    version   pgsm_private.machine_versions
)
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := replay_instance.instance;
    v_version   pgsm_private.machine_versions := replay_instance.version;
    v_rules     jsonb;
    v_first     integer;
begin
    select l.version into v_first
    from pgsm_private.event_log as l
    where l.instance_id = v_instance.instance_id
    order by l.revision
    limit 1;
    v_rules := pgsm_private.find_upgrade(v_instance.machine, v_first, v_version.version);
    return pgsm_private.evaluate('replay', array[
        v_version.checksum,
        null,
        jsonb_build_object(
            'instance_id', v_instance.instance_id, 'machine', v_instance.machine,
            'version', v_version.version, 'parent', v_instance.parent_id,
            'checksum', v_version.checksum, 'states', v_rules -> 'states',
            -- a mapped context is not comparable
            'context', v_rules ->> 'context' is null
        )::text,
        pgsm_private.replay_rows(v_instance.instance_id)::text
    ], v_version.machine, v_version.version);
end;
$$;

comment on function pgsm_private.replay_instance (
    pgsm_private.instances, pgsm_private.machine_versions
) is 'Run an instance''s recorded events through a version''s engine; what differs first.';

commit;
