-- Deploy pgsm:functions/start_or_send to pg
-- requires: functions/start_instance
-- requires: functions/send_event

begin;
set local role pgsm_owner;

create or replace function pgsm.start_or_send (
    machine       text,
    instance_id   text,
    event         text,
    data          jsonb default '{}',
    input         jsonb default '{}',
    event_id      text default null,
    on_unhandled  text default null,
    version       integer default null
)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform
    from pgsm_private.instances as i
    where i.instance_id = start_or_send.instance_id
        and i.machine = start_or_send.machine
        and i.status <> 'deleted'
    for no key update;
    if not found then
        -- one that another session starts just now is waited for and returned
        perform pgsm.start_instance(
            start_or_send.machine, start_or_send.instance_id, start_or_send.input,
            start_or_send.version, 'return'
        );
    end if;
    return pgsm.send_event(
        start_or_send.instance_id, start_or_send.event, start_or_send.data,
        start_or_send.event_id, null, start_or_send.on_unhandled
    );
end;
$$;

comment on function pgsm.start_or_send (
    text, text, text, jsonb, jsonb, text, text, integer
) is $comment$
    Send an event to an instance, which is started first where it does not exist.

        select * from pgsm.start_or_send('cart', 'cart-7', 'add', '{"item": 3}');

    Any number of sessions may call it at once: one of them starts the instance,
    each sends its event.  input and version are for the start only.  Where the
    event is refused nothing is started either.  Returns the snapshot after the
    event.  Raises SM109 where the id is another machine's and what start_instance
    and send_event raise; an instance that has ended is not started anew (SM110).
$comment$;

commit;
