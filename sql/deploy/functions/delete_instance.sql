-- Deploy pgsm:functions/delete_instance to pg
-- requires: functions/lock_instance
-- requires: functions/end_for_good
-- requires: functions/check_sendable
-- requires: functions/describe_instance
--
-- Lock order: the instance, its timers, its effects.

begin;
set local role pgsm_owner;

create or replace function pgsm.delete_instance (instance_id text, reason text default null)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.lock_instance(delete_instance.instance_id);
    if v_instance.status = 'deleted' then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    v_instance := pgsm_private.end_for_good(
        v_instance, 'deleted', 'pgsm.delete', delete_instance.reason
    );
    update pgsm_private.instances as i
    set states = '{}', value = null, tags = '{}'
    where i.instance_id = v_instance.instance_id
    returning i.* into v_instance;
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm.delete_instance (text, text) is $comment$
    Remove an instance, wherever it stands; no exit actions run.

        select * from pgsm.delete_instance('order-42', 'a test');

    Its timers are gone, its effects cancelled (the results of those that run are
    not taken), its children stop, messages to it are undeliverable; its parent
    gets error.invoke.<id>.  A tombstone stays while its log or effects do: till then the id is
    refused for a new start.  Recorded in the log.  What was done and with which data
    stays there: see erase_instance.

    Returns the snapshot, empty, with status deleted.  Raises SM100, SM120 (it was
    deleted before).
$comment$;

commit;
