-- Deploy pgsm:functions/save_preimages to pg
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.save_preimages (
    images   pgsm_private.upgrade_preimages[],
    lasting  jsonb
)
  returns void
  language plpgsql
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.upgrade_preimages (
        instance_id, revision, from_version, to_version, instance, timers, effects,
        keys, timers_after, lasting, taken_at
    )
    select
        p.instance_id, i.revision, p.from_version, p.to_version, p.instance, p.timers,
        p.effects, p.keys,
        array(
            select t.timer_id
            from pgsm_private.timers as t
            where t.instance_id = p.instance_id
        ),
        save_preimages.lasting ->> p.instance_id, p.taken_at
    from unnest(save_preimages.images) as p
    join pgsm_private.instances as i on i.instance_id = p.instance_id;
end;
$$;

comment on function pgsm_private.save_preimages (
    pgsm_private.upgrade_preimages[], jsonb
) is $comment$
    Keep pre-images with the revisions that the upgrade has made, what it has left
    (the timers), and, by instance, what cannot be undone.
$comment$;

commit;
