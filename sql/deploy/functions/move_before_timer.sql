-- Deploy pgsm:functions/move_before_timer to pg
-- requires: functions/upgrade_before_event
-- requires: tables/timers

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
        and (i.status <> 'active' or (
            select v.paused
            from pgsm_private.machine_versions as v
            where v.machine = i.machine and v.version = i.version
        ) is not true)
    for no key update of i skip locked;
    if v_instance.instance_id is null then
        return null;
    elsif v_instance.status <> 'active' then
        return v_instance;
    end if;
    -- held while the version was paused: they come before what has come since
    update pgsm_private.timers as t
    set status = 'armed'
    from (
        select h.timer_id
        from pgsm_private.timers as h
        where h.instance_id = v_instance.instance_id and h.status = 'held'
        for update skip locked
    ) as h
    where t.instance_id = v_instance.instance_id and t.timer_id = h.timer_id;
    return pgsm_private.upgrade_before_event(v_instance);
end;
$$;

comment on function pgsm_private.move_before_timer (text) is $comment$
    An instance that is to be of another version before its next event, moved there
    and locked, its timers armed.  Null where it is locked, gone, or its version is paused.

    Lock order: the instance, its timers; both skip locked.
$comment$;

commit;
