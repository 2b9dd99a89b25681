-- Deploy pgsm:functions/save_preimage to pg
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.save_preimage (
    instance    pgsm_private.instances,
    to_version  integer,
    clock       timestamptz
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := save_preimage.instance;
begin
    insert into pgsm_private.upgrade_preimages (
        instance_id, revision, from_version, to_version, instance, timers, effects,
        keys, taken_at
    )
    values (
        v_instance.instance_id, v_instance.revision + 1, v_instance.version,
        save_preimage.to_version, to_jsonb(v_instance),
        (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from pgsm_private.timers as t
            where t.instance_id = v_instance.instance_id),
        (select coalesce(jsonb_agg(to_jsonb(e)), '[]') from pgsm_private.effects as e
            where e.instance_id = v_instance.instance_id
                and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')),
        (select coalesce(jsonb_agg(jsonb_build_array(k.name, k.value)), '[]')
            from pgsm_private.instance_keys as k
            where k.instance_id = v_instance.instance_id),
        save_preimage.clock
    );
end;
$$;

comment on function pgsm_private.save_preimage (pgsm_private.instances, integer, timestamptz) is
    'Keep what an instance was, with its timers, effects and keys, before an upgrade.';

commit;
