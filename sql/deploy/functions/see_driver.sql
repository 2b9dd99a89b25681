-- Deploy pgsm:functions/see_driver to pg
-- requires: tables/timer_drivers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.see_driver (driver_id text, kind text)
  returns pgsm_private.timer_drivers
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now     timestamptz := clock_timestamp();
    v_driver  pgsm_private.timer_drivers;
begin
    select d.* into v_driver
    from pgsm_private.timer_drivers as d
    where d.driver_id = see_driver.driver_id;
    if v_driver.seen_at > v_now - interval '5 seconds' then
        return v_driver;
    end if;
    -- a loop of pg_cron has another name each minute
    delete from pgsm_private.timer_drivers as d
    where d.seen_at < v_now - interval '5 minutes' and d.noted = '{}' and d.suspects = '{}'
        and d.driver_id <> see_driver.driver_id;
    insert into pgsm_private.timer_drivers as d (driver_id, kind, pid, started_at, seen_at)
    values (see_driver.driver_id, see_driver.kind, pg_backend_pid(), v_now, v_now)
    on conflict (driver_id) do update set seen_at = v_now, pid = pg_backend_pid()
    returning d.* into v_driver;
    return v_driver;
end;
$$;

comment on function pgsm_private.see_driver (text, text) is
    'Note that a driver of timers lives, every few seconds; its row.';

commit;
