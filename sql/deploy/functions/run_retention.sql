-- Deploy pgsm:functions/run_retention to pg
-- requires: tables/retention
-- requires: functions/prune
-- requires: functions/make_log_partitions

begin;
set local role pgsm_owner;

create or replace function pgsm.begin_retention (every interval default null)
  returns boolean
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    update pgsm_private.retention_runs as r
    set began_at = clock_timestamp(), ended_at = null, is_complete = false, removed = '{}'
    where begin_retention.every is null
        or r.began_at is null
        or (
            (not r.is_complete or r.began_at <= clock_timestamp() - begin_retention.every)
            -- one that says no more is dead
            and (r.ended_at is not null or r.began_at < clock_timestamp() - interval '10 minutes')
        );
    return found;
end;
$$;

comment on function pgsm.begin_retention (interval) is $comment$
    Note that a run of the retention begins; run_retention calls it.

        select pgsm.begin_retention('20 hours');

    Returns false where another run is on, or where one has come to the end of all in
    the last so many hours; always true without an interval.
$comment$;

create or replace function pgsm.end_retention (removed jsonb, is_complete boolean)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    update pgsm_private.retention_runs as r
    set ended_at = clock_timestamp(), is_complete = end_retention.is_complete,
        removed = end_retention.removed;
end;
$$;

comment on function pgsm.end_retention (jsonb, boolean) is $comment$
    Note what a run of the retention has removed, and whether it came to the end.

        select pgsm.end_retention('{"effects": 1200}', true);
$comment$;

create or replace procedure pgsm.run_retention (
    batch          integer default 1000,
    every          interval default null,
    duration       interval default '2 minutes',
    inout removed  jsonb default null
)
  language plpgsql
as $$
declare
    v_end    pg_catalog.timestamptz :=
        pg_catalog.clock_timestamp() operator(pg_catalog.+) duration;
    v_what   pg_catalog.text;
    v_gone   pg_catalog.int8;
    v_sum    pg_catalog.int8;
    v_tries  pg_catalog.int4;
    v_is_complete  pg_catalog.bool := true;
begin
    removed := '{}';
    if not pgsm.begin_retention(every) then
        return;
    end if;
    commit;
    perform pgsm.make_log_partitions();
    commit;
    foreach v_what in array array[
        'timers', 'effects', 'event_ids', 'preimages', 'instances', 'archive', 'log', 'tombstones'
    ] loop
        v_sum := 0;
        v_tries := 0;
        loop
            if pg_catalog.clock_timestamp() operator(pg_catalog.>) v_end then
                v_is_complete := false;
                exit;
            end if;
            v_gone := pgsm.prune(v_what, batch);
            commit;
            if v_gone is null then
                -- senders go on between the tries to lock the log
                v_tries := v_tries operator(pg_catalog.+) 1;
                v_is_complete := v_tries operator(pg_catalog.<) 100;
                exit when not v_is_complete;
                perform pg_catalog.pg_sleep(0.2);
                continue;
            end if;
            v_sum := v_sum operator(pg_catalog.+) v_gone;
            exit when v_gone operator(pg_catalog.<)
                case when v_what operator(pg_catalog.=) 'log' then 1 else batch end;
        end loop;
        if v_sum operator(pg_catalog.>) 0 then
            removed := removed operator(pg_catalog.||)
                pg_catalog.jsonb_build_object(v_what, v_sum);
        end if;
    end loop;
    perform pgsm.end_retention(removed, v_is_complete);
    commit;
end;
$$;

comment on procedure pgsm.run_retention (integer, interval, interval, jsonb) is $comment$
    Make the event log's months ahead, and remove what is older than its retention:
    see set_retention.

        call pgsm.run_retention();

    A batch is a transaction.  every: nothing is done where a run has come to the end
    of all since then; the hourly cron job has '20 hours'.  duration: after that it
    stops, and the next run goes on; null is as long as it takes.  removed comes back
    with how many rows (for log: months) were removed of what.  Raises SM121 for a batch
    below 1.
$comment$;

commit;
