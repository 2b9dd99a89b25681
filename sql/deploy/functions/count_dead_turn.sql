-- Deploy pgsm:functions/count_dead_turn to pg
-- requires: tables/timers
-- requires: functions/is_locked
-- requires: functions/record_timer_failure
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.count_dead_turn (instance_id text)
  returns boolean
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now    timestamptz := pgsm_private.now();
    v_timer  pgsm_private.timers;
begin
    if pgsm_private.is_locked(count_dead_turn.instance_id) then
        return false;
    end if;
    select t.* into v_timer
    from pgsm_private.timers as t
    where t.instance_id = count_dead_turn.instance_id
        and t.status = 'armed' and t.due_at <= v_now
    order by t.event <> 'pgsm.stop', t.due_at, t.armed_at, t.ordinal
    limit 1
    for no key update;
    if v_timer.timer_id is not null then
        perform pgsm_private.record_timer_failure(v_timer, jsonb_build_object(
            'code', 'SM204',
            'message', 'the session that fired the timer ended, or was cancelled, meanwhile',
            'at', pgsm_private.time_text(v_now)
        ));
    end if;
    return true;
end;
$$;

comment on function pgsm_private.count_dead_turn (text) is $comment$
    Count an attempt of the timer that was fired when a turn died; false where the
    instance is locked.

    Lock order: the instance (skip locked), its timer.
$comment$;

commit;
