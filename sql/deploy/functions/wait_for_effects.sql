-- Deploy pgsm:functions/wait_for_effects to pg
-- requires: tables/effects
-- requires: functions/next_effect
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm.wait_for_effects (
    runner_id  text,
    since      xid8 default null,
    seconds    double precision default 30
)
  returns table (
    is_registered  boolean,
    horizon        xid8,
    may_sleep      boolean,
    next_in        double precision,
    is_limited     boolean
  )
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_until     timestamptz;
    v_names     text[];
    v_next      record;
    v_now       timestamptz := clock_timestamp();
    v_snapshot  pg_snapshot := pg_current_snapshot();
    v_duration  interval := make_interval(secs => wait_for_effects.seconds);
begin
    select r.waiting_until, r.names
    into v_until, v_names
    from pgsm_private.runners as r
    where r.runner_id = wait_for_effects.runner_id;
    is_registered := found;

    update pgsm_private.runners as r
    set waiting_until = v_now + v_duration,
        seen_at = v_now
    where r.runner_id = wait_for_effects.runner_id
        and coalesce(r.waiting_until < v_now + v_duration / 2, true);

    -- A flag that is about to lapse counts as lapsed, since a sender may look
    -- just before the new one is committed: then everything begins again.
    if v_until > v_now + interval '1 second' then
        horizon := coalesce(wait_for_effects.since, pg_snapshot_xmax(v_snapshot));
        may_sleep := pg_snapshot_xmin(v_snapshot) >= horizon;
    else
        may_sleep := false;
    end if;

    v_next := pgsm_private.next_effect(v_names);
    next_in := extract(epoch from v_next.next_at - pgsm_private.now());
    is_limited := v_next.is_limited;
    return next;
end;
$$;

comment on function pgsm.wait_for_effects (text, xid8, double precision) is $comment$
    Say that a runner found nothing and wants to be woken on the channel
    pgsm_effects for some seconds; asked again, whether it may sleep.

        select * from pgsm.wait_for_effects('runner-1');
        select * from pgsm.wait_for_effects('runner-1', since => '4711');

    Each call in a transaction of its own.  Returns one row:
        is_registered  whether register_runner was called; else nobody wakes it
        horizon        to be given as since in the next call; null when the flag
                       was set by this call only
        may_sleep      whether all transactions that could have missed the flag
                       have ended: claim once more, and when that finds nothing
                       either, sleep until notified or until the next poll
        next_in        in how many seconds the next effect of the runner's names falls
                       due, or their rate lets one go; null where none is known
        is_limited     whether one that is due waits for another one of its name to end
$comment$;

commit;
