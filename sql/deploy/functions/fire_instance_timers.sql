-- Deploy pgsm:functions/fire_instance_timers to pg
-- requires: functions/fire_timer
-- requires: functions/held_back_until

begin;
set local role pgsm_owner;

create or replace function pgsm_private.fire_instance_timers (
    instance_id  text,
    most         integer,
    out fired    integer,
    out failed   integer
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_timer     pgsm_private.timers;
    v_wait      timestamptz;
begin
    fired := 0;
    failed := 0;
    loop
        -- read again for each: the last timer may have dropped the next one
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = fire_instance_timers.instance_id
        for no key update skip locked;
        exit when v_instance.status is distinct from 'active'
            or fired + failed >= fire_instance_timers.most;
        select t.* into v_timer
        from pgsm_private.timers as t
        where t.instance_id = fire_instance_timers.instance_id
            and t.status = 'armed' and t.due_at <= pgsm_private.now()
        order by t.event <> 'pgsm.stop', t.due_at, t.armed_at, t.ordinal
        limit 1
        for no key update;
        exit when v_timer.timer_id is null;
        v_wait := pgsm_private.held_back_until(v_timer);
        if v_wait is not null then
            update pgsm_private.timers as t
            set due_at = v_wait
            where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id;
            continue;
        end if;
        if pgsm_private.fire_timer(v_instance, v_timer) = 'fired' then
            fired := fired + 1;
        else
            failed := failed + 1;
        end if;
    end loop;
    if v_instance.status is distinct from 'active' then
        perform pgsm_private.settle_timers(fire_instance_timers.instance_id, v_instance.status);
    end if;
end;
$$;

comment on function pgsm_private.fire_instance_timers (text, integer) is $comment$
    Fire an instance's due timers, oldest first, until none is due or most have
    been tried.  An instance that another session has locked is left to it.

    Lock order: the instance (skip locked), then its timers.
$comment$;

commit;
