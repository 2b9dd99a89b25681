-- Deploy pgsm:functions/keep_moved_effects to pg
-- requires: types/batch_step
-- requires: tables/effects
-- requires: functions/release_next_effect

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_moved_effects (moves pgsm_private.batch_step[])
  returns void
  language plpgsql
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_ordered  jsonb;
begin
    -- an action's effect goes with its instance: it waits only while that one's version is paused
    update pgsm_private.effects as e
    set version = (m.instance).version
    from unnest(keep_moved_effects.moves) as m
    where e.instance_id = (m.instance).instance_id and e.kind = 'action'
        and e.status in ('pending', 'retrying', 'running', 'failed')
        and e.version <> (m.instance).version;
    if not exists (
        select from unnest(keep_moved_effects.moves) as m
        where m.result #> '{kept,effects}' <> '{"keep": [], "cancel": []}'
    ) then
        return;
    end if;

    update pgsm_private.effects as e
    set state = r.state, invoke_id = r.invoke_id, version = (m.instance).version
    from unnest(keep_moved_effects.moves) as m
    cross join jsonb_to_recordset(m.result #> '{kept,effects,keep}')
        as r (effect_id text, state text, invoke_id text)
    where e.instance_id = (m.instance).instance_id and e.effect_id = r.effect_id;

    with ended as (
        update pgsm_private.effects as e
        set status = case when e.status = 'running' then 'running' else 'cancelled' end,
            finished_at = case when e.status <> 'running' then m.clock end,
            held_back = false,
            cancel_requested = (e.status = 'running')
        from unnest(keep_moved_effects.moves) as m
        where e.instance_id = (m.instance).instance_id
            and m.result #> '{kept,effects,cancel}' ? e.effect_id
            and e.status in ('pending', 'retrying', 'running')
        returning e.instance_id, e.name, e.place, e.status
    )
    select jsonb_agg(distinct jsonb_build_array(e.instance_id, e.name))
    into v_ordered
    from ended as e
    where e.place is not null and e.status <> 'running';

    perform pgsm_private.release_next_effect(o.pair ->> 0, o.pair ->> 1)
    from jsonb_array_elements(v_ordered) as o (pair);
end;
$$;

comment on function pgsm_private.keep_moved_effects (pgsm_private.batch_step[]) is
    'Take effects along to the version that their instances have moved to, or end them.';

commit;
