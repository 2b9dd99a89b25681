-- Deploy pgsm:functions/wait_for_effects to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.wait_for_effects (
    runner_id  text,
    horizon    xid8 default null,
    seconds    double precision default 30
)
  returns table (registered boolean, horizon xid8, may_sleep boolean)
  language plpgsql
  security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
    v_until     timestamptz;
    v_now       timestamptz := clock_timestamp();
    v_snapshot  pg_snapshot := pg_current_snapshot();
    v_horizon   xid8 := $2;
begin
    select r.waiting_until
    into v_until
    from pgsm_private.runners as r
    where r.runner_id = wait_for_effects.runner_id;
    registered := found;

    if registered and coalesce(v_until < v_now + make_interval(secs => $3 / 2), true) then
        update pgsm_private.runners as r
        set waiting_until = v_now + make_interval(secs => $3),
            seen_at = v_now
        where r.runner_id = wait_for_effects.runner_id;
    end if;

    -- A flag that is about to lapse counts as lapsed: a sender may look just
    -- before the new one is committed.  Then everything begins again.
    if v_until > v_now + interval '1 second' then
        horizon := coalesce(v_horizon, pg_snapshot_xmax(v_snapshot));
        may_sleep := pg_snapshot_xmin(v_snapshot) >= horizon;
    else
        horizon := null;
        may_sleep := false;
    end if;
    return next;
end;
$$;

comment on function pgsm.wait_for_effects (text, xid8, double precision) is $comment$
    Say that a runner found nothing and wants to be woken on the channel
    pgsm_effects for some seconds; asked again, whether it may sleep.

        select * from pgsm.wait_for_effects('runner-1');
        select * from pgsm.wait_for_effects('runner-1', '4711');

    Each call in a transaction of its own.  Returns one row:
        registered  whether register_runner was called; without it nobody wakes
        horizon     to be given with the next call; null when the flag was set
                    by this call only
        may_sleep   whether all transactions that could have missed the flag
                    have ended: claim once more, and when that finds nothing
                    either, sleep until notified or until the next poll
$comment$;

commit;
