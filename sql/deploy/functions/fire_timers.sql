-- Deploy pgsm:functions/fire_timers to pg
-- requires: types/timer_turn
-- requires: functions/fire_instance_timers
-- requires: functions/postpone_timers
-- requires: functions/timers_may_fire
-- requires: functions/drivers_may_run
-- requires: functions/time_text

begin;
set local role pgsm_owner;

create or replace function pgsm.fire_timers (batch integer default 25)
  returns pgsm.timer_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_turn    pgsm.timer_turn;
    v_due     text[];
    v_id      text;
    v_one     record;
    -- asked once, since to ask for each candidate costs more than to find it
    v_paused  boolean := exists (
        select from pgsm_private.machine_versions as v where v.paused
    );
    -- a variable: with the volatile function in its place no index is used
    v_now     timestamptz := pgsm_private.now();
    -- a timer is a subtransaction in that of its instance, and more than 50 make a
    -- transaction slow
    v_left    integer := least(greatest(coalesce(fire_timers.batch, 25), 1), 25);
begin
    v_turn.fired := 0;
    v_turn.failed := 0;
    select s.timers_stopped into v_turn.stopped from pgsm_private.settings as s;
    if not pgsm_private.drivers_may_run() then
        v_turn.stopped := true;
        return v_turn;
    end if;
    -- candidates without a lock; each row is read again under its instance's.  More
    -- than are fired: some instances may be locked, and have many due rows.
    v_due := array(
        select t.instance_id
        from (
            select t.instance_id, t.due_at
            from pgsm_private.timers as t
            where t.status = 'armed' and t.due_at <= v_now
                and (not v_paused or pgsm_private.timers_may_fire(t.instance_id))
            order by t.due_at
            limit 1000
        ) as t
        group by t.instance_id
        order by min(t.due_at)
    );
    foreach v_id in array v_due loop
        exit when v_left <= 0;
        begin
            v_one := pgsm_private.fire_instance_timers(v_id, v_left);
            v_turn.fired := v_turn.fired + v_one.fired;
            v_turn.failed := v_turn.failed + v_one.failed;
            v_left := v_left - v_one.fired - v_one.failed;
        exception
            -- what would end the transaction: the turn ends, without this instance's
            -- part, and the next one begins with the others
            when transaction_rollback or insufficient_resources
                or object_not_in_prerequisite_state or system_error or internal_error
            then
                perform pgsm_private.postpone_timers(v_id, jsonb_build_object(
                    'code', sqlstate, 'message', sqlerrm, 'at', pgsm_private.time_text(v_now)
                ));
                v_turn.failed := v_turn.failed + 1;
                v_left := 0;
        end;
    end loop;
    select min(t.due_at) into v_turn.next_at
    from pgsm_private.timers as t
    where t.status = 'armed';
    return v_turn;
end;
$$;

comment on function pgsm.fire_timers (integer) is $comment$
    Fire due timers: one turn of a driver, at most batch (and 25) of them.

        select * from pgsm.fire_timers();

    An instance's due timers are applied in order, each in a subtransaction; one
    that fails is kept with its error and tried again later.  A deadlock and the
    like count no attempt: the instance waits, and the turn ends.  Several sessions
    may do this at once: an instance that is locked is left to whoever has it.
    Fires nothing in a copy that was not adopted (adopt_database).  Returns what
    the turn did: fired, failed, next_at, and stopped when a driver has to stop.
$comment$;

commit;
