-- Deploy pgsm:functions/send_event to pg
-- requires: functions/take_event
-- requires: functions/check_paused
-- requires: functions/upgrade_before_event
-- requires: functions/lock_instance
-- requires: functions/check_sendable
-- requires: functions/actor
-- requires: functions/first_answer
-- requires: functions/keep_answer
-- requires: functions/refuse_unhandled

begin;
set local role pgsm_owner;

create or replace function pgsm.send_event (
    instance_id        text,
    event              text,
    data               jsonb default '{}',
    event_id           text default null,
    expected_revision  bigint default null,
    on_unhandled       text default null
)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_snapshot  pgsm.snapshot;
    v_is_moved  boolean;
begin
    -- "for update" would deadlock mutual senders through foreign keys
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = send_event.instance_id
        -- a version that is paused or left is rare: then the row is not found here
        and (
            select true
            from pgsm_private.machine_versions as v
            where v.machine = i.machine and v.version = i.version
                and (v.paused or v.next_version is not null)
        ) is null
    for no key update of i;

    if v_instance.status is distinct from 'active' or send_event.event_id is not null
        or send_event.expected_revision is not null
    then
        v_is_moved := v_instance.instance_id is null;
        if v_is_moved then
            v_instance := pgsm_private.lock_instance(send_event.instance_id);
        end if;
        v_snapshot := pgsm_private.first_answer(
            send_event.instance_id, send_event.event_id, send_event.event, send_event.data
        );
        if v_snapshot.instance_id is not null then
            return v_snapshot;
        end if;
        perform pgsm_private.check_sendable(v_instance, send_event.expected_revision);
        if v_is_moved then
            perform pgsm_private.check_paused(v_instance.machine, v_instance.version);
            v_instance := pgsm_private.upgrade_before_event(v_instance);
            perform pgsm_private.check_sendable(v_instance, null);
        end if;
    end if;

    v_snapshot := pgsm_private.take_event(
        v_instance, send_event.event, send_event.data,
        case when send_event.event_id is not null then
            jsonb_build_object('id', send_event.event_id) end,
        'event', pgsm_private.actor(), send_event.event_id
    );
    if v_snapshot.outcome in ('no_transition', 'guarded') then
        perform pgsm_private.refuse_unhandled(
            v_snapshot, send_event.event, send_event.on_unhandled
        );
    end if;
    if send_event.event_id is not null then
        perform pgsm_private.keep_answer(
            send_event.event_id, send_event.event, send_event.data, v_snapshot
        );
    end if;
    return v_snapshot;
end;
$$;

comment on function pgsm.send_event (text, text, jsonb, text, bigint, text) is $comment$
    Apply one event to an instance, run to completion, in this transaction.

        select * from pgsm.send_event('order-42', 'accept', '{"eta": 20}');

    Write "select * from": (send_event(…)).* would send once per column.
    event_id makes a repeated call give the first answer again;
    expected_revision refuses an instance that has moved on; on_unhandled
    'refuse' raises where no transition takes the event (the default is the
    document's "unhandled", else 'ignore').

    Returns the snapshot with the outcome: taken, no_transition or guarded
    (details: refused_by).  Raises SM100 (no such instance), SM101 (unhandled),
    SM102 (a guard, action or call failed), SM103 (never settles), SM104 (no
    such event may be sent), SM106 to SM108, SM110 (ended), SM111 (paused), SM122
    (its version is paused), SM120 (deleted).
    Nothing has changed then.
$comment$;

commit;
