-- Deploy pgsm:functions/send_event_by_key to pg
-- requires: functions/keyed_instance
-- requires: functions/lock_instance
-- requires: functions/send_event

begin;
set local role pgsm_owner;

create or replace function pgsm.send_event_by_key (
    machine            text,
    name               text,
    value              text,
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
    v_instance_id  text;
begin
    v_instance_id := pgsm_private.keyed_instance(
        send_event_by_key.machine, send_event_by_key.name, send_event_by_key.value,
        send_event_by_key.event_id
    );
    perform pgsm_private.lock_instance(v_instance_id);
    -- a step may have changed the key while this one waited for the lock
    if v_instance_id <> pgsm_private.keyed_instance(
        send_event_by_key.machine, send_event_by_key.name, send_event_by_key.value,
        send_event_by_key.event_id
    ) then
        raise exception '% = "%" has gone from instance "%" to another one',
            send_event_by_key.name, send_event_by_key.value, v_instance_id
            using errcode = 'serialization_failure', hint = 'try again';
    end if;
    return pgsm.send_event(
        v_instance_id, send_event_by_key.event, send_event_by_key.data,
        send_event_by_key.event_id, send_event_by_key.expected_revision,
        send_event_by_key.on_unhandled
    );
end;
$$;

comment on function pgsm.send_event_by_key (
    text, text, text, text, jsonb, text, bigint, text
) is $comment$
    Send an event to the one instance of a machine that has a value under a key.

        select * from pgsm.send_event_by_key('order', 'payment', 'pay-7', 'paid');

    For callers that know a payment and no order.  One that is not over is
    preferred to those that are; with an event_id, the one that took it before.
    Returns the snapshot.  Raises SM118 (none has the value), SM119 (many have
    it), 40001 (the value went to another one just now) and what send_event raises.
$comment$;

commit;
