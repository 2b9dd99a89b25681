-- Deploy pgsm:functions/held_back_until to pg
-- requires: tables/timers
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.held_back_until (timer pgsm_private.timers)
  returns timestamptz
  language plpgsql
  stable
as $$
begin
    if timer.kind <> 'message' or timer.sender is null then
        return null;
    end if;
    return (
        select max(e.due_at)
        from pgsm_private.timers as e
        where e.instance_id = timer.instance_id
            and e.sender = timer.sender
            and e.kind = 'message'
            and e.status = 'armed'
            and e.attempts > 0
            and e.due_at > pgsm_private.now()
            and (e.armed_at, e.ordinal) < (timer.armed_at, timer.ordinal)
    );
end;
$$;

comment on function pgsm_private.held_back_until (pgsm_private.timers) is $comment$
    Until when a due message waits for an earlier one of the same sender, which has
    failed and is tried again then; null where none does.
$comment$;

commit;
