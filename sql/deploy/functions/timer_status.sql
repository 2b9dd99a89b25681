-- Deploy pgsm:functions/timer_status to pg
-- requires: tables/timers
-- requires: tables/timer_drivers
-- requires: tables/event_log
-- requires: functions/drivers_may_run
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm.timer_status (
    out drivers            jsonb,
    out stopped            boolean,
    out backlog            bigint,
    out lateness           interval,
    out next_at            timestamptz,
    out retrying           bigint,
    out failed             bigint,
    out undeliverable      bigint,
    out partitions_ahead   integer
)
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now    timestamptz := pgsm_private.now();
    v_month  timestamp := date_trunc('month', clock_timestamp() at time zone 'UTC');
begin
    select coalesce(jsonb_object_agg(d.kind, d.drivers), '{}') into drivers
    from (
        select d.kind, count(*) as drivers
        from pgsm_private.timer_drivers as d
        where d.seen_at > clock_timestamp() - interval '15 seconds'
        group by d.kind
    ) as d;
    select s.timers_stopped or not pgsm_private.drivers_may_run() into stopped
    from pgsm_private.settings as s;

    -- a limit, since who asks may do so often
    select count(*), v_now - min(t.due_at) into backlog, lateness
    from (
        select d.due_at
        from pgsm_private.timers as d
        where d.status = 'armed' and d.due_at <= v_now
        order by d.due_at
        limit 100000
    ) as t;
    select min(t.due_at) into next_at
    from pgsm_private.timers as t
    where t.status = 'armed' and t.due_at > v_now;
    select
        count(*) filter (where t.status = 'armed'),
        count(*) filter (where t.status = 'failed'),
        count(*) filter (where t.status = 'undeliverable')
    into retrying, failed, undeliverable
    from pgsm_private.timers as t
    where t.status in ('failed', 'undeliverable') or (t.status = 'armed' and t.attempts > 0);

    partitions_ahead := 0;
    while to_regclass('pgsm_private.event_log_' || to_char(
        v_month + (partitions_ahead + 1) * interval '1 month', 'YYYY_MM'
    )) is not null loop
        partitions_ahead := partitions_ahead + 1;
    end loop;
end;
$$;

comment on function pgsm.timer_status () is $comment$
    How the timers are.

        select * from pgsm.timer_status();

    Returns one row:
        drivers           living drivers by kind: {"cron": 1, "runner": 2}
        stopped           stop_timers(true), or a copy that was not adopted
        backlog           armed timers that are due (at most 100,000 are counted)
        lateness          of the one that is due the longest; null where none is
        next_at           when the next timer falls due that is not due yet
        retrying, failed, undeliverable   see late_timers
        partitions_ahead  months after this one for which the event log has a
                          partition; below two, make_log_partitions has not run
$comment$;

commit;
