-- Deploy pgsm:functions/insert_timers to pg
-- requires: functions/due_at
-- requires: functions/message_source
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.insert_timers (
    instance  pgsm_private.instances,
    result    jsonb
)
  returns void
  language plpgsql
as $$
declare
    v_instance  pgsm_private.instances := insert_timers.instance;
    v_zone      text := insert_timers.result ->> 'zone';
begin
    insert into pgsm_private.timers (
        instance_id, timer_id, kind, state, delay, send_id, event, data, ordinal,
        due_at, armed_at
    )
    select
        v_instance.instance_id,
        v_instance.revision || '/' || r.ordinal,
        r.timer ->> 'kind',
        r.timer ->> 'state',
        r.timer ->> 'delay',
        r.timer ->> 'send_id',
        r.timer ->> 'event',
        coalesce(r.timer -> 'data', '{}'),
        v_instance.revision * 1000000 + r.ordinal,
        -- one that is armed again may be over by now
        greatest(pgsm_private.due_at(
            coalesce((r.timer ->> 'from')::timestamptz, v_instance.clock),
            r.timer -> 'due', v_zone
        ), v_instance.clock),
        v_instance.clock
    from jsonb_array_elements(insert_timers.result -> 'timers')
        with ordinality as r (timer, ordinal);

    -- a message lies under its receiver, which need not exist
    insert into pgsm_private.timers (
        instance_id, timer_id, kind, state, send_id, event, data, sender, ordinal,
        due_at, armed_at
    )
    select
        r.message ->> 'to',
        concat_ws('/', v_instance.instance_id, v_instance.incarnation,
            v_instance.revision, r.ordinal),
        'message',
        r.message ->> 'state',
        r.message ->> 'send_id',
        r.message ->> 'event',
        jsonb_strip_nulls(jsonb_build_object('id', r.message -> 'send_id'))
            || jsonb_build_object('data', r.message -> 'data', 'source',
                pgsm_private.message_source(v_instance, r.message ->> 'to')),
        v_instance.instance_id,
        v_instance.revision * 1000000 + r.ordinal,
        pgsm_private.due_at(v_instance.clock, r.message -> 'due', v_zone),
        v_instance.clock
    from jsonb_array_elements(insert_timers.result -> 'messages')
        with ordinality as r (message, ordinal);
end;
$$;

comment on function pgsm_private.insert_timers (pgsm_private.instances, jsonb) is
    'Write the timers and messages of a step under the ids that its revision gives them.';

commit;
