-- Deploy pgsm:functions/upgrade_before_event to pg
-- requires: functions/take_upgrade
-- requires: functions/record_upgrade_failure
-- requires: functions/is_fatal
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_before_event (instance pgsm_private.instances)
  returns pgsm_private.instances
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := upgrade_before_event.instance;
    v_moved     pgsm_private.instances;
    v_version   integer;
begin
    select v.next_version into v_version
    from pgsm_private.machine_versions as v
    where v.machine = v_instance.machine and v.version = v_instance.version;
    if v_version is null or v_instance.status <> 'active' or exists (
        select
        from pgsm_private.upgrade_failures as f
        where f.instance_id = v_instance.instance_id and f.to_version = v_version
    ) then
        return v_instance;
    end if;
    perform pgsm_private.take_upgrade(v_instance, v_version, '{"role": "system"}');
    select i.* into v_moved
    from pgsm_private.instances as i
    where i.instance_id = v_instance.instance_id;
    if v_moved.status <> 'active' then
        -- its event would be refused, and take the upgrade back, again and again
        raise exception 'the upgrade would end the instance before its event'
            using errcode = 'SM402';
    end if;
    return v_moved;
exception
    when others then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        perform pgsm_private.record_upgrade_failure(
            v_instance, v_version, jsonb_build_object('code', sqlstate, 'message', sqlerrm)
        );
        return v_instance;
end;
$$;

comment on function pgsm_private.upgrade_before_event (pgsm_private.instances) is $comment$
    Move a locked instance to the version that it is to be of before its next event.
    Returns it as it is then: as it was, where it cannot go, which is recorded and
    not tried again until the upgrade is declared again.
$comment$;

commit;
