-- Deploy pgsm:functions/preimage_of to pg
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.preimage_of (
    instance    pgsm_private.instances,
    to_version  integer,
    clock       timestamptz
)
  returns pgsm_private.upgrade_preimages
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := preimage_of.instance;
    v_image     pgsm_private.upgrade_preimages;
begin
    select
        v_instance.instance_id, v_instance.revision, v_instance.version,
        preimage_of.to_version, to_jsonb(v_instance),
        (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from pgsm_private.timers as t
            where t.instance_id = v_instance.instance_id),
        (select coalesce(jsonb_agg(to_jsonb(e)), '[]') from pgsm_private.effects as e
            where e.instance_id = v_instance.instance_id
                and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')),
        preimage_of.clock,
        (select coalesce(jsonb_agg(jsonb_build_array(k.name, k.value)), '[]')
            from pgsm_private.instance_keys as k
            where k.instance_id = v_instance.instance_id)
    into
        v_image.instance_id, v_image.revision, v_image.from_version,
        v_image.to_version, v_image.instance, v_image.timers, v_image.effects,
        v_image.taken_at, v_image.keys;
    return v_image;
end;
$$;

comment on function pgsm_private.preimage_of (pgsm_private.instances, integer, timestamptz) is
    'What an instance is, with its timers, effects and keys, before an upgrade.';

commit;
