-- Deploy pgsm:functions/settle_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: functions/tell_senders

begin;
set local role pgsm_owner;

create or replace function pgsm_private.settle_timers (instance_id text, status text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_armed  text[];
begin
    if settle_timers.status is null and exists (
        select from pgsm_private.instances as i
        where i.instance_id = settle_timers.instance_id
    ) then
        return;  -- locked by another session
    end if;
    -- without those that their sender is about to cancel: a driver waits for nobody
    v_armed := array(
        select t.timer_id
        from pgsm_private.timers as t
        where t.instance_id = settle_timers.instance_id and t.status = 'armed'
        for update skip locked
    );
    if settle_timers.status = 'paused' then
        update pgsm_private.timers as t
        set status = 'held'
        where t.instance_id = settle_timers.instance_id and t.timer_id = any (v_armed);
        return;
    end if;
    -- what the engine itself sends in a family is of no account to who has ended
    delete from pgsm_private.timers as t
    where t.instance_id = settle_timers.instance_id
        and t.timer_id = any (v_armed)
        and t.kind = 'message'
        and t.event ~ '^(pgsm[.](stop|upgrade)$|(done|error)[.]invoke[.])';

    update pgsm_private.timers as t
    set status = 'undeliverable',
        last_error = jsonb_build_object('code', 'SM110', 'message', format(
            'instance "%s" %s', t.instance_id,
            coalesce('is ' || settle_timers.status, 'does not exist')))
    where t.instance_id = settle_timers.instance_id and t.timer_id = any (v_armed);

    perform pgsm_private.tell_senders(settle_timers.instance_id);
end;
$$;

comment on function pgsm_private.settle_timers (text, text) is
    'Timers of an instance that cannot take them: held while it is paused, else undeliverable: told to a sender who handles that, or visible.';

commit;
