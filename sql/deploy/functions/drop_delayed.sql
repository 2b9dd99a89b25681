-- Deploy pgsm:functions/drop_delayed to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.drop_delayed (sender text, clock timestamptz)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- one that a driver has locked is being delivered: too late
    delete from pgsm_private.timers as t
    using (
        select m.instance_id, m.timer_id
        from pgsm_private.timers as m
        where m.kind = 'message' and m.state is not null
            and m.sender = drop_delayed.sender
            and m.due_at > drop_delayed.clock and m.attempts = 0
            and m.status in ('armed', 'held')
        for update skip locked
    ) as m
    where t.instance_id = m.instance_id and t.timer_id = m.timer_id;
end;
$$;

comment on function pgsm_private.drop_delayed (text, timestamptz) is $comment$
    Drop the messages of a sender that has ended which are still delayed, where its
    document says so ("semantics": "scxml": SCXML's 6.2.4).

    Lock order: the sender (locked by the caller), timers (skip locked).
$comment$;

commit;
