-- Deploy pgsm:functions/due_instances to pg
-- requires: tables/timers
-- requires: tables/timer_drivers
-- requires: functions/timers_may_fire
-- requires: functions/hold_paused_timers
-- requires: functions/arm_resumed_timers
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.due_instances (driver_id text, most integer)
  returns text[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    -- asked once, since to ask for each candidate costs more than to find it
    v_paused  boolean;
    v_held    boolean;
    -- a variable: with the volatile function in its place no index is used
    v_now     timestamptz := pgsm_private.now();
    v_noted   text[] := array(
        select unnest(d.noted || d.suspects)
        from pgsm_private.timer_drivers as d
        where d.driver_id is distinct from due_instances.driver_id
    );
    v_found   text[] := '{}';
    v_others  text[] := '{}';
    v_left    integer := due_instances.most;
    -- a declared cursor is planned for its first rows: few are read, in due order
    v_due     cursor for
        select t.instance_id, t.attempts, t.last_error
        from pgsm_private.timers as t
        where t.status = 'armed' and t.due_at <= v_now
            and (v_paused is not true or pgsm_private.timers_may_fire(t.instance_id))
        order by t.due_at
        limit 100000;
    v_deadly  boolean;
begin
    select bool_or(v.paused), bool_or(v.timers_held and not v.paused)
    into v_paused, v_held
    from pgsm_private.machine_versions as v
    where v.paused or v.timers_held or v.next_version is not null;
    if v_paused then
        perform pgsm_private.hold_paused_timers();
    end if;
    if v_held then
        perform pgsm_private.arm_resumed_timers();
    end if;
    for v_one in v_due loop
        v_left := v_left - (v_one.instance_id = any (v_found))::integer;
        exit when v_left <= 0;
        continue when v_one.instance_id = any (v_found || v_others);
        v_deadly := v_one.attempts > 0 and v_one.last_error ->> 'code' = 'SM204';
        if v_one.instance_id = any (v_noted)
            or (v_deadly and v_found <> '{}')
            or pgsm_private.is_locked(v_one.instance_id)
        then
            v_others := v_others || v_one.instance_id;
            continue;
        end if;
        v_found := v_found || v_one.instance_id;
        v_left := v_left - 1;
        -- what ended a turn before gets one of its own
        exit when v_left <= 0 or v_deadly;
    end loop;
    return v_found;
end;
$$;

comment on function pgsm_private.due_instances (text, integer) is $comment$
    Instances with due timers, the longest due first, whose timers are together about
    most: without those that are locked, or that another driver has noted, and those
    whose version is paused, whose timers are held.

    Lock order: versions, instances, timers; all skip locked.
$comment$;

commit;
