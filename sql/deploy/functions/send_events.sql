-- Deploy pgsm:functions/send_events to pg
-- requires: functions/check_batch
-- requires: functions/lock_instances
-- requires: functions/send_round
-- requires: functions/send_event
-- requires: functions/actor
--
-- Lock order: the instances, ascending; then of each its timers, its effects.

begin;
set local role pgsm_owner;

create or replace function pgsm.send_events (events jsonb, on_unhandled text default null)
  returns setof pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_actor    jsonb := pgsm_private.actor();
    v_round    jsonb;
    v_event    jsonb;
    v_place    integer;
    v_sent     pgsm.snapshot[];
    v_answer   pgsm.snapshot;
    v_answers  pgsm.snapshot[];
begin
    perform pgsm_private.check_batch(send_events.events);
    perform pgsm_private.lock_instances(array(
        select distinct e.event ->> 'instance_id'
        from jsonb_array_elements(send_events.events) as e (event)
    ));
    v_answers := array_fill(v_answer, array[jsonb_array_length(send_events.events)]);
    -- a round is the next event of each instance that has one; by the thousand, since
    -- their contexts are in memory together
    foreach v_round in array array(
        select jsonb_agg(jsonb_build_object('data', '{}'::jsonb)
            || jsonb_strip_nulls(c.event - 'data')
            || (c.event - '{instance_id,event,event_id,expected_revision}'::text[])
            || jsonb_build_object('n', c.n) order by c.n)
        from (
            select r.event, r.n, r.round,
                row_number() over (partition by r.round order by r.n) as place
            from (
                select e.event, e.n,
                    row_number() over (partition by e.event ->> 'instance_id' order by e.n) as round
                from jsonb_array_elements(send_events.events) with ordinality as e (event, n)
            ) as r
        ) as c
        group by c.round, (c.place - 1) / 1000
        order by c.round, (c.place - 1) / 1000
    ) loop
        v_sent := null;
        v_place := 0;
        -- for a few, what all of a round share costs more than it saves
        if jsonb_array_length(v_round) >= 5 then
            v_sent := pgsm_private.send_round(v_round, send_events.on_unhandled, v_actor);
        end if;
        foreach v_event in array array(select jsonb_array_elements(v_round)) loop
            v_place := v_place + 1;
            v_answer := v_sent[v_place];
            if v_answer.instance_id is null then
                v_answer := pgsm.send_event(
                    v_event ->> 'instance_id', v_event ->> 'event', v_event -> 'data',
                    v_event ->> 'event_id', (v_event ->> 'expected_revision')::bigint,
                    send_events.on_unhandled
                );
            end if;
            v_answers[(v_event ->> 'n')::integer] := v_answer;
        end loop;
    end loop;
    return query select a.* from unnest(v_answers) as a;
end;
$$;

comment on function pgsm.send_events (jsonb, text) is $comment$
    Send many events in one call: all of them are applied, or none.

        select * from pgsm.send_events('[
            {"instance_id": "order-42", "event": "accept", "data": {"eta": 20}},
            {"instance_id": "order-43", "event": "accept", "event_id": "m-1"}]');

    Several times as fast as send_event in a loop.  An instance gets its events in
    the order given; between instances there is none.  All are locked first, in
    one order: such calls do not deadlock.  event_id, expected_revision and
    on_unhandled are as in send_event.  At most 10,000.

    Returns a snapshot for each event, in their order.  Raises SM121 for what is no
    batch, SM100 and what send_event raises for the first that is refused.
$comment$;

commit;
