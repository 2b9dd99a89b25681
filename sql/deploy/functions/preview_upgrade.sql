-- Deploy pgsm:functions/preview_upgrade to pg
-- requires: functions/preview_instance
-- requires: functions/lock_instance
-- requires: functions/find_version
-- requires: functions/check_sendable
-- requires: functions/actor

begin;
set local role pgsm_owner;

create or replace function pgsm.preview_upgrade (instance_id text, version integer default null)
  returns pgsm.upgrade_preview
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_version   pgsm_private.machine_versions;
begin
    v_instance := pgsm_private.lock_instance(preview_upgrade.instance_id);
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    v_version := pgsm_private.find_version(v_instance.machine, preview_upgrade.version);
    return pgsm_private.preview_instance(v_instance, v_version.version, pgsm_private.actor());
end;
$$;

comment on function pgsm.preview_upgrade (text, integer) is $comment$
    What upgrade_instance would do: it is really done, and rolled back.

        select * from pgsm.preview_upgrade('order-42', 2);

    Returns state, timers and effects before and after, what changes in the context,
    or the error.  The instance is locked until the transaction ends.  Raises SM100,
    SM003, SM110.
$comment$;

commit;
