-- Deploy pgsm:functions/take_along to pg
-- requires: functions/take_upgrade
-- requires: functions/record_upgrade_failure
-- requires: tables/machines
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_along (instance pgsm_private.instances)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := take_along.instance;
    v_version   integer;
begin
    select m.current_version into v_version
    from pgsm_private.machines as m
    where m.machine = v_instance.machine;
    if v_version <> v_instance.version then
        perform pgsm_private.take_upgrade(v_instance, v_version, '{"role": "system"}');
    end if;
exception
    when others then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        perform pgsm_private.record_upgrade_failure(
            v_instance, v_version, jsonb_build_object('code', sqlstate, 'message', sqlerrm)
        );
end;
$$;

comment on function pgsm_private.take_along (pgsm_private.instances) is $comment$
    Move a locked child, whose parent was upgraded and takes it along, to its own
    machine's current version; one that cannot go is listed in upgrade_failures.

    Lock order: the instance, its timers, its effects.
$comment$;

commit;
