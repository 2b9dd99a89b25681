-- Deploy pgsm:functions/hold_paused_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: tables/machines
-- requires: functions/now
--
-- Lock order: versions, instances, timers; all skip locked.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.hold_paused_timers ()
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    -- a variable: with the volatile function in its place no index is used
    v_now     timestamptz := pgsm_private.now();
    v_end     timestamptz := clock_timestamp() + interval '1 second';
    v_paused  text[];
    v_locked  text[];
begin
    -- locked, so that none is resumed between the look and the write
    v_paused := array(
        select v.machine || '/' || v.version
        from pgsm_private.machine_versions as v
        where v.paused
        for no key update skip locked
    );
    loop
        v_locked := array(
            select i.instance_id
            from pgsm_private.instances as i
            where i.instance_id in (
                    select d.instance_id
                    from (
                        select t.instance_id
                        from pgsm_private.timers as t
                        where t.status = 'armed' and t.due_at <= v_now
                        order by t.due_at
                        limit 5000
                    ) as d
                )
                and i.status = 'active'
                and i.machine || '/' || i.version = any (v_paused)
            order by i.instance_id
            for no key update skip locked
        );
        exit when v_locked = '{}';
        update pgsm_private.machine_versions as v
        set timers_held = true
        where v.machine || '/' || v.version = any (v_paused) and not v.timers_held;
        update pgsm_private.timers as t
        set status = 'held'
        from (
            select h.instance_id, h.timer_id
            from pgsm_private.timers as h
            where h.instance_id = any (v_locked) and h.status = 'armed'
            for update skip locked
        ) as h
        where t.instance_id = h.instance_id and t.timer_id = h.timer_id;
        exit when clock_timestamp() > v_end;
    end loop;
end;
$$;

comment on function pgsm_private.hold_paused_timers () is $comment$
    Hold the due timers of instances whose version is paused, so that no driver walks
    over them again until arm_resumed_timers; for a second at most.
$comment$;

commit;
