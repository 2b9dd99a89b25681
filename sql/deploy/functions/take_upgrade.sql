-- Deploy pgsm:functions/take_upgrade to pg
-- requires: functions/find_upgrade
-- requires: functions/find_version
-- requires: functions/upgrade_hops
-- requires: functions/move_instance
-- requires: functions/save_preimages
-- requires: functions/preimages_of
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_upgrade (
    instance  pgsm_private.instances,
    version   integer,
    actor     jsonb,
    hops      integer[] default null
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := take_upgrade.instance;
    v_clock     timestamptz := greatest(pgsm_private.now(), v_instance.clock);
    v_hops      integer[];
    v_images    pgsm_private.upgrade_preimages[];
    v_to        integer;
    v_lasting   text;
    v_reason    text;
begin
    v_hops := coalesce(take_upgrade.hops, pgsm_private.upgrade_hops(
        v_instance.machine, v_instance.version, take_upgrade.version
    ));
    v_images := pgsm_private.preimages_of(
        array[row(1, v_instance, v_clock, null, null)::pgsm_private.batch_step],
        take_upgrade.version
    );
    foreach v_to in array v_hops[2:] loop
        v_reason := pgsm_private.move_instance(
            v_instance,
            pgsm_private.find_version(v_instance.machine, v_to),
            pgsm_private.find_upgrade(v_instance.machine, v_instance.version, v_to),
            'upgrade', 'pgsm.upgrade',
            jsonb_build_object('from', v_instance.version, 'to', v_to),
            take_upgrade.actor, v_clock
        );
        v_lasting := coalesce(v_lasting, v_reason);
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_instance.instance_id;
        exit when v_instance.status not in ('active', 'paused');
    end loop;
    perform pgsm_private.save_preimages(
        v_images, jsonb_build_object(v_instance.instance_id, v_lasting)
    );
    delete from pgsm_private.upgrade_failures as f
    where f.instance_id = v_instance.instance_id and f.to_version = take_upgrade.version;
    return pgsm_private.describe_instance(v_instance, 'taken', '{}');
end;
$$;

comment on function pgsm_private.take_upgrade (pgsm_private.instances, integer, jsonb, integer[]) is $comment$
    Move a locked instance to another version of its machine, by way of the declared
    upgrades, each a step of its own (hops: their versions, where the caller knows them); one
    pre-image is kept for all of them.

    Lock order: the instance, its timers, its effects.
$comment$;

commit;
