-- Deploy pgsm:functions/insert_message to pg
-- requires: functions/message_source
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.insert_message (
    sender    pgsm_private.instances,
    receiver  text,
    event     text,
    facts     jsonb
)
  returns void
  language plpgsql
as $$
begin
    insert into pgsm_private.timers (
        instance_id, timer_id, kind, event, data, sender, ordinal, due_at, armed_at
    )
    values (
        insert_message.receiver,
        concat_ws('/', (insert_message.sender).instance_id,
            (insert_message.sender).incarnation, (insert_message.sender).revision,
            insert_message.event),
        'message',
        insert_message.event,
        insert_message.facts || jsonb_build_object(
            'data', '{}'::jsonb,
            'source', pgsm_private.message_source(
                insert_message.sender, insert_message.receiver)
        ),
        (insert_message.sender).instance_id,
        -- after all that the same step has sent
        (insert_message.sender).revision * 1000000 + 999999,
        (insert_message.sender).clock,
        (insert_message.sender).clock
    )
    on conflict do nothing;
end;
$$;

comment on function pgsm_private.insert_message (pgsm_private.instances, text, text, jsonb) is $comment$
    Send an event of the engine's own between instances, after what the sender's
    step has sent: the end of a child, a stop.  facts: {"output"} or {"error"}.
    Takes no lock of the receiver.
$comment$;

commit;
