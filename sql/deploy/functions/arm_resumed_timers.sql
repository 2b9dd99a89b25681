-- Deploy pgsm:functions/arm_resumed_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: tables/machines
--
-- Lock order: the version, instances, timers; all skip locked.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.arm_resumed_timers ()
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_end      timestamptz := clock_timestamp() + interval '1 second';
    v_version  pgsm_private.machine_versions;
    v_held     text[];
    v_locked   text[];
begin
    -- locked, so that no driver holds more of it meanwhile
    foreach v_version in array array(
        select v
        from pgsm_private.machine_versions as v
        where v.timers_held and not v.paused
        for no key update skip locked
    ) loop
        loop
            v_held := array(
                select distinct t.instance_id
                from pgsm_private.timers as t
                join pgsm_private.instances as i on i.instance_id = t.instance_id
                where t.status = 'held' and i.status <> 'paused'
                    and i.machine = v_version.machine and i.version = v_version.version
                limit 5000
            );
            v_locked := array(
                select i.instance_id
                from pgsm_private.instances as i
                where i.instance_id = any (v_held) and i.status <> 'paused'
                order by i.instance_id
                for no key update skip locked
            );
            update pgsm_private.timers as t
            set status = 'armed'
            from (
                select h.instance_id, h.timer_id
                from pgsm_private.timers as h
                where h.instance_id = any (v_locked) and h.status = 'held'
                for update skip locked
            ) as h
            where t.instance_id = h.instance_id and t.timer_id = h.timer_id;
            exit when cardinality(v_locked) < 5000 or clock_timestamp() > v_end;
        end loop;
        if v_held = '{}' then
            update pgsm_private.machine_versions as v
            set timers_held = false
            where v.machine = v_version.machine and v.version = v_version.version;
        end if;
        exit when clock_timestamp() > v_end;
    end loop;
end;
$$;

comment on function pgsm_private.arm_resumed_timers () is $comment$
    Arm the timers again that hold_paused_timers has held, where the version is no longer
    paused; for a second at most.  An instance that is locked comes the next time, or
    before its next timer (move_before_timer).
$comment$;

commit;
