-- Deploy pgsm:functions/postpone_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.postpone_timers (instance_id text, error jsonb)
  returns integer
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now   timestamptz := pgsm_private.now();
    v_count integer;
begin
    perform
    from pgsm_private.instances as i
    where i.instance_id = postpone_timers.instance_id
    for no key update skip locked;
    if not found then
        return 0;
    end if;
    -- all by the same time, so that their order stays
    update pgsm_private.timers as t
    set last_error = postpone_timers.error,
        due_at = t.due_at + (v_now - d.first_at) + interval '5 seconds'
    from (
        select r.timer_id, min(r.due_at) over () as first_at
        from (
            select m.timer_id, m.due_at
            from pgsm_private.timers as m
            where m.instance_id = postpone_timers.instance_id
                and m.status = 'armed' and m.due_at <= v_now
            for update skip locked
        ) as r
    ) as d
    where t.instance_id = postpone_timers.instance_id and t.timer_id = d.timer_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

comment on function pgsm_private.postpone_timers (text, jsonb) is $comment$
    Let an instance's due timers wait a little after an error that is not theirs
    (a deadlock, a lock not had, a full disk): others go first, no attempt is
    counted.  Returns how many wait.

    Lock order: the instance (skip locked), then its timers.
$comment$;

commit;
