-- Deploy pgsm:functions/due_instances to pg
-- requires: tables/timers
-- requires: tables/timer_drivers
-- requires: functions/timers_may_fire
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
    v_paused  boolean := exists (
        select from pgsm_private.machine_versions as v where v.paused
    );
    -- a variable: with the volatile function in its place no index is used
    v_now     timestamptz := pgsm_private.now();
    v_noted   text[] := array(
        select unnest(d.noted || d.suspects)
        from pgsm_private.timer_drivers as d
        where d.driver_id is distinct from due_instances.driver_id
    );
    v_found   text[] := '{}';
    v_left    integer := due_instances.most;
    v_limit   integer;
    v_one     record;
    v_read    bigint;
begin
    -- mostly the first rows will do; more are read where those are of instances
    -- that are locked
    foreach v_limit in array array[100, 1000, 100000] loop
        v_read := 0;
        for v_one in
            select
                d.instance_id, count(*) as timers,
                bool_or(d.attempts > 0 and d.last_error ->> 'code' = 'SM204') as is_deadly
            from (
                select t.instance_id, t.due_at, t.attempts, t.last_error
                from pgsm_private.timers as t
                where t.status = 'armed' and t.due_at <= v_now
                    and (not v_paused or pgsm_private.timers_may_fire(t.instance_id))
                order by t.due_at
                limit v_limit
            ) as d
            group by d.instance_id
            order by min(d.due_at)
        loop
            v_read := v_read + v_one.timers;
            continue when v_one.instance_id = any (v_noted || v_found)
                or (v_one.is_deadly and v_found <> '{}')
                or pgsm_private.is_locked(v_one.instance_id);
            v_found := v_found || v_one.instance_id;
            v_left := v_left - v_one.timers;
            -- what ended a turn before gets one of its own
            exit when v_left <= 0 or v_one.is_deadly;
        end loop;
        exit when v_found <> '{}' or v_read < v_limit;
    end loop;
    return v_found;
end;
$$;

comment on function pgsm_private.due_instances (text, integer) is $comment$
    Instances with due timers, the longest due first, whose timers are together about
    most: without those that are locked, or that another driver has noted.
$comment$;

commit;
