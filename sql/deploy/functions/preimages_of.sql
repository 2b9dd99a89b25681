-- Deploy pgsm:functions/preimages_of to pg
-- requires: types/batch_step
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.preimages_of (
    moves       pgsm_private.batch_step[],
    to_version  integer
)
  returns pgsm_private.upgrade_preimages[]
  language plpgsql
  stable
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_images  pgsm_private.upgrade_preimages[];
begin
    select array_agg(row(
        (m.instance).instance_id, (m.instance).revision, (m.instance).version,
        preimages_of.to_version, to_jsonb(m.instance),
        coalesce((
            select jsonb_agg(to_jsonb(t)) from pgsm_private.timers as t
            where t.instance_id = (m.instance).instance_id), '[]'),
        coalesce((
            select jsonb_agg(to_jsonb(e)) from pgsm_private.effects as e
            where e.instance_id = (m.instance).instance_id
                and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')), '[]'),
        coalesce((
            select jsonb_agg(jsonb_build_array(k.name, k.value))
            from pgsm_private.instance_keys as k
            where k.instance_id = (m.instance).instance_id), '[]'),
        '{}'::text[], null, m.clock
    )::pgsm_private.upgrade_preimages)
    into v_images
    from unnest(preimages_of.moves) as m;
    return v_images;
end;
$$;

comment on function pgsm_private.preimages_of (pgsm_private.batch_step[], integer) is
    'What instances are, with their timers, effects and keys, before an upgrade.';

commit;
