-- Deploy pgsm:functions/move_before_timer to pg
-- requires: functions/upgrade_before_event

begin;
set local role pgsm_owner;

create or replace function pgsm_private.move_before_timer (instance_id text)
  returns pgsm_private.instances
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = move_before_timer.instance_id
        and (
            select v.paused
            from pgsm_private.machine_versions as v
            where v.machine = i.machine and v.version = i.version
        ) is not true
    for no key update of i skip locked;
    if v_instance.instance_id is null then
        return null;
    end if;
    return pgsm_private.upgrade_before_event(v_instance);
end;
$$;

comment on function pgsm_private.move_before_timer (text) is $comment$
    An instance that is to be of another version before its next event, moved there
    and locked.  Null where it is locked, gone, or its version is paused.
$comment$;

commit;
