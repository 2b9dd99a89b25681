-- Deploy pgsm:functions/erase_instance to pg
-- requires: functions/lock_instance
-- requires: functions/end_for_good
-- requires: functions/erase_records
-- requires: functions/erase_archived
-- requires: functions/instance_exists
-- requires: functions/describe_instance
--
-- Lock order: the instance, its timers, its effects.

begin;
set local role pgsm_owner;

create or replace function pgsm.erase_instance (instance_id text, reason text default null)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_archived  pgsm.snapshot;
begin
    v_archived := pgsm_private.erase_archived(erase_instance.instance_id);
    if v_archived.instance_id is not null
        and not pgsm_private.instance_exists(erase_instance.instance_id)
    then
        return v_archived;
    end if;
    v_instance := pgsm_private.lock_instance(erase_instance.instance_id);
    -- the row of the erasure itself comes after those that lose their data
    update pgsm_private.event_log as l
    set data = '{}',
        facts = null,
        event_id = null,
        actor = jsonb_build_object('role', l.actor -> 'role'),
        changes = null,
        answers = null,
        notes = null,
        emitted = null
    where l.instance_id = v_instance.instance_id;
    v_instance := pgsm_private.end_for_good(
        v_instance,
        case when v_instance.status in ('active', 'paused') then 'stopped' else v_instance.status end,
        'pgsm.erase', erase_instance.reason
    );
    perform pgsm_private.erase_records(v_instance.instance_id);
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm.erase_instance (text, text) is $comment$
    Take the person out and leave the fact: all data of an instance is emptied.

        select * from pgsm.erase_instance('user-42', 'request 17');

    It ends, as with delete_instance, if it has not ended before.  What stays: id,
    states, which events came when and by which role, what its effects were called.
    What goes: context, output, tenant, keys, event ids, the data of its log, effects,
    timers and of the messages from it that are still to be delivered, its pre-images.
    So it is with what the archive has of the id (details: archived, where only that).

    Not reached: what other instances have taken from it (its children: erase each
    that instance_tree lists), the id itself, your own tables, backups, and pages
    that are not vacuumed yet.  Works on a deleted one.

    Returns the snapshot.  Raises SM100.
$comment$;

commit;
