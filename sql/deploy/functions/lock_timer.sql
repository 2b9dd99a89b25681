-- Deploy pgsm:functions/lock_timer to pg
-- requires: tables/timers
-- requires: tables/instances
--
-- Lock order: the instance, then the timer.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_timer (instance_id text, timer_id text)
  returns pgsm_private.timers
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_timer  pgsm_private.timers;
begin
    perform
    from pgsm_private.instances as i
    where i.instance_id = lock_timer.instance_id
    for no key update;

    select t.*
    into v_timer
    from pgsm_private.timers as t
    where t.instance_id = lock_timer.instance_id and t.timer_id = lock_timer.timer_id
    for update;

    if not found then
        raise exception 'timer "%" of instance "%" does not exist',
            lock_timer.timer_id, lock_timer.instance_id
            using errcode = 'SM200',
                hint = 'the view pgsm.timers lists them; one that has fired is gone';
    end if;
    return v_timer;
end;
$$;

comment on function pgsm_private.lock_timer (text, text) is $comment$
    The row of a timer, locked after its instance (which a message need not have).
    Raises SM200.
$comment$;

commit;
