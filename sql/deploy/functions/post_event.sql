-- Deploy pgsm:functions/post_event to pg
-- requires: functions/check_event
-- requires: functions/find_instance
-- requires: functions/actor
-- requires: functions/due_at
-- requires: functions/first_answer
-- requires: functions/check_sendable
-- requires: tables/timers
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm.post_event (
    instance_id  text,
    event        text,
    data         jsonb default '{}',
    event_id     text default null,
    delay        interval default null
)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_version   pgsm_private.machine_versions;
    v_now       timestamptz := pgsm_private.now();
    v_ordinal   integer;
    v_timer_id  text := post_event.event_id;
begin
    v_instance := pgsm_private.find_instance(post_event.instance_id);
    -- the version that is to take it
    select n.* into v_version
    from pgsm_private.machine_versions as v
    join pgsm_private.machine_versions as n
        on n.machine = v.machine and n.version = coalesce(v.next_version, v.version)
    where v.machine = v_instance.machine and v.version = v_instance.version;
    perform pgsm_private.check_event(
        post_event.event, post_event.data, 'post', v_version.settings ->> 'internalEvents'
    );
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    if post_event.event_id is not null and (pgsm_private.first_answer(
        post_event.instance_id, post_event.event_id, post_event.event, post_event.data
    )).instance_id is not null then
        return post_event.event_id;
    end if;
    if exists (
        select
        from pgsm_private.timers as t
        where t.instance_id = post_event.instance_id and t.kind = 'post'
        offset 9999
    ) then
        raise exception '10000 posted events wait for instance "%"', post_event.instance_id
            using errcode = 'SM117', hint = 'is a driver running?  See pgsm.late_timers';
    end if;
    -- counts the posts of this transaction, so that they arrive in order
    v_ordinal := coalesce(nullif(current_setting('pgsm.posted', true), '')::integer, 0) + 1;
    perform set_config('pgsm.posted', v_ordinal::text, true);
    if v_timer_id is null then
        v_timer_id := format('tx%s/%s', pg_current_xact_id(), v_ordinal);
    end if;

    insert into pgsm_private.timers (
        instance_id, timer_id, kind, event, data, event_id, actor, ordinal, status,
        due_at, armed_at
    )
    values (
        post_event.instance_id, v_timer_id, 'post', post_event.event, post_event.data,
        post_event.event_id, pgsm_private.actor(), v_ordinal,
        case v_instance.status when 'paused' then 'held' else 'armed' end,
        pgsm_private.due_at(
            v_now, jsonb_build_object('in', coalesce(post_event.delay, '0')), v_version.time_zone
        ),
        v_now
    )
    on conflict do nothing;
    if not found and not exists (
        select
        from pgsm_private.timers as t
        where t.instance_id = post_event.instance_id and t.timer_id = v_timer_id
            and t.kind = 'post' and t.event = post_event.event and t.data = post_event.data
    ) then
        raise exception 'event id "%" is taken', v_timer_id
            using errcode = 'SM107',
            detail = 'it waits with another event or other data, or a timer has it',
            hint = 'an event id names one event of one instance';
    end if;
    return v_timer_id;
end;
$$;

comment on function pgsm.post_event (text, text, jsonb, text, interval) is $comment$
    Queue an event for an instance: it is applied after this transaction, in order.

        select pgsm.post_event('order-42', 'payment.received', '{"amount": 12.50}');

    Takes no lock on the instance: for webhooks, triggers, functions that a
    machine calls, and transactions that touch several instances.  A delay of days
    or months follows the calendar of the document's timeZone.  Returns the
    timer id (the event_id, else txTRANSACTION/ORDINAL).  The same event_id
    is the same event: it is applied once, posted or sent.  Raises SM100, SM104
    (no event, or one of the machine's internalEvents), SM107 (the event_id is
    another event's), SM110 (ended), SM117 (10,000 wait already), SM201 (a negative
    delay).  What the machine refuses later is kept with its error, in late_timers.
$comment$;

commit;
