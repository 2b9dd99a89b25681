-- Deploy pgsm:functions/tell_senders to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: tables/definitions
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.tell_senders (receiver text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now  timestamptz := pgsm_private.now();
begin
    with undelivered as (
        -- without those that their sender is about to cancel: a driver waits for nobody
        select t.timer_id
        from pgsm_private.timers as t
        where t.instance_id = tell_senders.receiver
            and t.status = 'undeliverable' and t.kind = 'message'
        for update skip locked
    ),
    told as (
        delete from pgsm_private.timers as t
        using pgsm_private.instances as i
        where t.instance_id = tell_senders.receiver
            and t.timer_id in (select u.timer_id from undelivered as u)
            and t.event <> 'error.communication'
            and i.instance_id = t.sender
            and i.status in ('active', 'paused')
            and exists (
                select
                from pgsm_private.transitions as r
                where r.machine = i.machine and r.version = i.version
                    and r.kind in ('on', 'event')
                    and string_to_array(r.event, ' ') && array[
                        'error.communication', 'error.communication.*', 'error.*',
                        'error', 'error.', '*'
                    ]
            )
        returning t.*
    )
    insert into pgsm_private.timers (
        instance_id, timer_id, kind, event, data, status, ordinal, due_at, armed_at
    )
    select
        t.sender, 'undeliverable/' || t.timer_id, 'message', 'error.communication',
        jsonb_strip_nulls(jsonb_build_object('id', t.data -> 'id')) || jsonb_build_object(
            'error', t.last_error || jsonb_build_object(
                'type', 'error.communication', 'event', t.event, 'to', t.instance_id),
            'source', jsonb_build_object('instance', t.instance_id)
        ),
        case i.status when 'paused' then 'held' else 'armed' end,
        t.ordinal, v_now, v_now
    from told as t
    join pgsm_private.instances as i on i.instance_id = t.sender;
end;
$$;

comment on function pgsm_private.tell_senders (text) is $comment$
    Send error.communication for what could not be delivered to an instance, to
    each sender whose machine has a transition for it; other rows stay, visible.
$comment$;

commit;
