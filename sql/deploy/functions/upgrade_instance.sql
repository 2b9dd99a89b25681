-- Deploy pgsm:functions/upgrade_instance to pg
-- requires: functions/take_upgrade
-- requires: functions/lock_instance
-- requires: functions/check_sendable
-- requires: functions/actor

begin;
set local role pgsm_owner;

create or replace function pgsm.upgrade_instance (instance_id text, version integer default null)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_version   pgsm_private.machine_versions;
begin
    v_instance := pgsm_private.lock_instance(upgrade_instance.instance_id);
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    v_version := pgsm_private.find_version(v_instance.machine, upgrade_instance.version);
    if v_version.version = v_instance.version then
        return pgsm_private.describe_instance(v_instance, null, null);
    end if;
    return pgsm_private.take_upgrade(v_instance, v_version.version, pgsm_private.actor());
end;
$$;

comment on function pgsm.upgrade_instance (text, integer) is $comment$
    Move one running instance to another version (null: the current one) by the
    declared map, or as it is where every state is in both versions.

        select * from pgsm.upgrade_instance('user-42', 2);

    Goes by the shortest path of declared upgrades.  Maps the context, keeps timers
    and invocations by their policy, takes neither entry nor exit actions unless
    asked to, then settles.  What actions have asked for (effects) goes along: it no
    longer waits where the old version is paused.  Returns the snapshot.  Raises SM100, SM003, SM110 (it
    has ended), SM402 (it cannot be upgraded, and why; it stays as it was), SM404
    (several paths).
$comment$;

commit;
