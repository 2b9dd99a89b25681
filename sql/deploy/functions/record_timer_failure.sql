-- Deploy pgsm:functions/record_timer_failure to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.record_timer_failure (
    timer  pgsm_private.timers,
    error  jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now    timestamptz := pgsm_private.now();
    v_timer  pgsm_private.timers := record_timer_failure.timer;
begin
    -- what was locked went with the step's subtransaction; a driver waits for nobody,
    -- so without the lock the timer is tried again with no attempt counted
    perform
    from pgsm_private.instances as i
    where i.instance_id = v_timer.instance_id
    for no key update skip locked;
    if not found then
        return;
    end if;
    perform
    from pgsm_private.timers as t
    where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id
    for update skip locked;
    if not found then
        return;
    end if;
    -- 2 s, 4 s, 8 s … 15 min, from 30 s where it cost a driver its turn (SM204);
    -- after ten attempts it waits for an operator
    update pgsm_private.timers as t
    set attempts = v_timer.attempts + 1,
        last_error = record_timer_failure.error,
        status = case when v_timer.attempts + 1 >= 10 then 'failed' else 'armed' end,
        due_at = v_now + least(
            case record_timer_failure.error ->> 'code'
                when 'SM204' then interval '30 seconds' else interval '2 seconds'
            end * (2 ^ v_timer.attempts),
            interval '15 minutes')
    where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id;
end;
$$;

comment on function pgsm_private.record_timer_failure (pgsm_private.timers, jsonb) is $comment$
    Keep a timer that failed with its error, to be tried again later; after ten
    attempts it is failed.

    Lock order: the instance, the timer; both skip locked.
$comment$;

commit;
