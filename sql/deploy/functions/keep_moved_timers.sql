-- Deploy pgsm:functions/keep_moved_timers to pg
-- requires: types/batch_step
-- requires: tables/timers
-- requires: functions/due_at

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_moved_timers (
    moves  pgsm_private.batch_step[],
    zone   text
)
  returns void
  language plpgsql
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.timers as t
    using unnest(keep_moved_timers.moves) as m
    where t.instance_id = (m.instance).instance_id
        and m.result #> '{kept,timers,drop}' <> '[]'
        and m.result #> '{kept,timers,drop}' ? t.timer_id;

    update pgsm_private.timers as t
    set state = r.state, delay = r.delay, event = r.event,
        due_at = case when r.due is null then t.due_at
            else pgsm_private.due_at(t.armed_at, r.due, keep_moved_timers.zone) end
    from unnest(keep_moved_timers.moves) as m
    cross join jsonb_to_recordset(m.result #> '{kept,timers,keep}')
        as r (timer_id text, state text, delay text, event text, due jsonb)
    where t.instance_id = (m.instance).instance_id and t.timer_id = r.timer_id
        and (r.due is not null
            or (t.state, t.delay, t.event) is distinct from (r.state, r.delay, r.event));

    -- held since the version that it leaves is paused
    update pgsm_private.timers as t
    set status = 'armed'
    from unnest(keep_moved_timers.moves) as m
    where t.instance_id = (m.instance).instance_id and t.status = 'held'
        and (m.instance).status = 'active';
end;
$$;

comment on function pgsm_private.keep_moved_timers (pgsm_private.batch_step[], text) is
    'Take timers along to the version that their instances have moved to, or drop them.';

commit;
