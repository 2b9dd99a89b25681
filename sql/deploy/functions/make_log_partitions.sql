-- Deploy pgsm:functions/make_log_partitions to pg
-- requires: tables/event_log
--
-- Lock order: the log ("share update exclusive", senders go on), its default partition.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.make_log_partition (month timestamp)
  returns boolean
  language plpgsql
as $$
declare
    v_from  timestamptz := make_log_partition.month at time zone 'UTC';
    v_to    timestamptz := (make_log_partition.month + interval '1 month') at time zone 'UTC';
    v_name  text := 'event_log_' || to_char(make_log_partition.month, 'YYYY_MM');
begin
    if to_regclass('pgsm_private.' || v_name) is not null then
        return false;
    end if;
    -- made apart and attached: "partition of" would lock the table exclusively;
    -- dynamic because the name is computed
    execute format(
        'create table pgsm_private.%I (like pgsm_private.event_log '
            'including defaults including constraints including indexes)', v_name);
    -- attaching looks into the default partition, and takes this lock for that
    lock table pgsm_private.event_log_default in access exclusive mode;
    execute format(
        'with moved as (delete from pgsm_private.event_log_default as d '
            'where d.recorded_at >= $1 and d.recorded_at < $2 returning d.*) '
            'insert into pgsm_private.%I select m.* from moved as m', v_name)
    using v_from, v_to;
    execute format(
        'alter table pgsm_private.event_log attach partition pgsm_private.%I '
            'for values from (%L) to (%L)', v_name, v_from, v_to);
    return true;
end;
$$;

comment on function pgsm_private.make_log_partition (timestamp) is
    'Make the partition of a month, with what the default partition has of it; false where it is there.  The caller has locked the log.';

create or replace function pgsm.make_log_partitions (ahead integer default 4)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
as $$
declare
    v_now     timestamp := date_trunc('month', clock_timestamp() at time zone 'UTC');
    v_months  timestamp[];
    v_made    integer := 0;
begin
    -- One session at a time, else two make the same table; before anything is read, else
    -- two that have read wait for each other.  Not of its partitions: a vacuum has those.
    lock table only pgsm_private.event_log in share update exclusive mode;
    -- months that are over first: nobody writes into them any more
    v_months := array(
        select distinct date_trunc('month', d.recorded_at at time zone 'UTC')
        from pgsm_private.event_log_default as d
        where d.recorded_at < v_now at time zone 'UTC'
        order by 1
    ) || array(
        select v_now + n.n * interval '1 month'
        from generate_series(0, make_log_partitions.ahead) as n (n)
        -- senders of a month wait while it is moved: many rows stay till it is over
        where (
            select count(*)
            from (
                select from pgsm_private.event_log_default as d
                where d.recorded_at >= (v_now + n.n * interval '1 month') at time zone 'UTC'
                    and d.recorded_at < (v_now + (n.n + 1) * interval '1 month') at time zone 'UTC'
                limit 10001
            ) as r
        ) <= 10000
        order by n.n
    );
    for v_n in 1 .. cardinality(v_months) loop
        v_made := v_made + pgsm_private.make_log_partition(v_months[v_n])::integer;
    end loop;
    return v_made;
exception
    when lock_not_available then
        raise warning 'no partition was made: someone reads the event log in a long transaction'
            using hint = 'call make_log_partitions again';
        return 0;
end;
$$;

comment on function pgsm.make_log_partitions (integer) is $comment$
    Make the event log's partitions of this month and those ahead.

        select pgsm.make_log_partitions();

    Returns how many were made.  A daily cron job calls it, and run_retention.
    Steps of a month without a partition are not refused: they go to the default
    partition, and from there to their month's when it is made.  Senders go on
    meanwhile.  It waits half a second, at most, for who reads the log; then it warns
    and has made none.
$comment$;

select pgsm.make_log_partitions();

commit;
