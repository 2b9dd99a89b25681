-- Deploy pgsm:functions/write_moved_keys to pg
-- requires: types/batch_step
-- requires: tables/instances
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_moved_keys (moves pgsm_private.batch_step[])
  returns void
  language plpgsql
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    -- as release_deferred and write_keys do for one
    update pgsm_private.timers as t
    set status = 'armed', due_at = m.clock
    from unnest(write_moved_keys.moves) as m
    where t.instance_id = (m.instance).instance_id and t.status = 'deferred'
        and m.result ? 'release';

    delete from pgsm_private.instance_keys as k
    using unnest(write_moved_keys.moves) as m
    where m.result ? 'keys'
        and k.instance_id = (m.instance).instance_id
        and (m.result -> 'keys') - 'tenant' ? k.name
        and m.result -> 'keys' ->> k.name is distinct from k.value;

    insert into pgsm_private.instance_keys (instance_id, machine, name, value)
    select (m.instance).instance_id, (m.instance).machine, r.name, r.value
    from unnest(write_moved_keys.moves) as m
    cross join jsonb_each_text((m.result -> 'keys') - 'tenant') as r (name, value)
    where m.result ? 'keys' and r.value is not null
    on conflict do nothing;
end;
$$;

comment on function pgsm_private.write_moved_keys (pgsm_private.batch_step[]) is
    'Release the deferred events of instances that have moved, and write their keys.';

commit;
