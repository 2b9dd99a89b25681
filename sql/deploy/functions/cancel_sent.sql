-- Deploy pgsm:functions/cancel_sent to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.cancel_sent (instance_id text, send_ids jsonb)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.timers as t
    where t.instance_id = cancel_sent.instance_id
        and t.kind = 'send'
        and cancel_sent.send_ids ? t.send_id;

    -- one that a driver has locked is being delivered: too late
    delete from pgsm_private.timers as t
    using (
        select m.instance_id, m.timer_id
        from pgsm_private.timers as m
        where m.kind = 'message'
            and m.sender = cancel_sent.instance_id
            and m.send_id = any (array(select jsonb_array_elements_text(cancel_sent.send_ids)))
        for update skip locked
    ) as m
    where t.instance_id = m.instance_id and t.timer_id = m.timer_id;
end;
$$;

comment on function pgsm_private.cancel_sent (text, jsonb) is
    'Drop the delayed events that an instance has sent, to itself or to others, under these send ids.';

commit;
