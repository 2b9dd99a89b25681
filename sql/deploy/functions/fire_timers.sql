-- Deploy pgsm:functions/fire_timers to pg
-- requires: types/timer_turn
-- requires: functions/fire_instance_timers
-- requires: functions/settle_timers
-- requires: functions/drivers_may_run

begin;
set local role pgsm_owner;

create or replace function pgsm.fire_timers (batch integer default 40)
  returns pgsm.timer_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_turn      pgsm.timer_turn;
    v_due       text[];
    v_id        text;
    v_one       record;
    -- each timer is a subtransaction; more than 50 make a transaction slow
    v_left      integer := least(greatest(coalesce(fire_timers.batch, 40), 1), 50);
begin
    v_turn.fired := 0;
    v_turn.failed := 0;
    select s.timers_stopped into v_turn.stopped from pgsm_private.settings as s;
    if not pgsm_private.drivers_may_run() then
        v_turn.stopped := true;
        return v_turn;
    end if;
    -- candidates without a lock; each row is read again under its instance's
    v_due := array(
        select t.instance_id
        from (
            select t.instance_id, t.due_at
            from pgsm_private.timers as t
            where t.status = 'armed' and t.due_at <= pgsm_private.now()
                and pgsm_private.timers_may_fire(t.instance_id)
            order by t.due_at
            limit v_left
        ) as t
        group by t.instance_id
        order by min(t.due_at)
    );
    foreach v_id in array v_due loop
        exit when v_left <= 0;
        v_one := pgsm_private.fire_instance_timers(v_id, v_left);
        v_turn.fired := v_turn.fired + v_one.fired;
        v_turn.failed := v_turn.failed + v_one.failed;
        v_left := v_left - v_one.fired - v_one.failed;
    end loop;
    select min(t.due_at) into v_turn.next_at
    from pgsm_private.timers as t
    where t.status = 'armed';
    return v_turn;
end;
$$;

comment on function pgsm.fire_timers (integer) is $comment$
    Fire due timers: one turn of a driver, at most batch (and 50) of them.

        select * from pgsm.fire_timers();

    An instance's due timers are applied in order, each in a subtransaction; one
    that fails is kept with its error and tried again later.  Several sessions
    may do this at once: an instance that is locked is left to whoever has it.
    Fires nothing in a copy that was not adopted (adopt_database).  Returns what
    the turn did: fired, failed, next_at, and stopped when a driver has to stop.
$comment$;

commit;
