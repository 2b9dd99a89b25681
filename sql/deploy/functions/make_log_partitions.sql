-- Deploy pgsm:functions/make_log_partitions to pg
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm.make_log_partitions (ahead integer default 4)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
    v_from  timestamp;
    v_name  text;
    v_made  integer := 0;
begin
    for v_step in 0 .. make_log_partitions.ahead loop
        v_from := date_trunc('month', clock_timestamp() at time zone 'UTC') + v_step * interval '1 month';
        v_name := 'event_log_' || to_char(v_from, 'YYYY_MM');
        continue when to_regclass('pgsm_private.' || v_name) is not null;
        -- made apart and attached: "partition of" would lock the table exclusively;
        -- dynamic because the name is computed
        execute format(
            'create table pgsm_private.%I (like pgsm_private.event_log '
                'including defaults including constraints including indexes)', v_name);
        execute format(
            'alter table pgsm_private.event_log attach partition pgsm_private.%I '
                'for values from (%L) to (%L)',
            v_name, v_from at time zone 'UTC', (v_from + interval '1 month') at time zone 'UTC');
        v_made := v_made + 1;
    end loop;
    return v_made;
end;
$$;

comment on function pgsm.make_log_partitions (integer) is $comment$
    Make the event log's partitions of this month and those ahead.

        select pgsm.make_log_partitions();

    Returns how many were made.  A daily cron job calls it; without one an
    operator does.  An event past the last partition is refused by Postgres.
$comment$;

select pgsm.make_log_partitions();

commit;
