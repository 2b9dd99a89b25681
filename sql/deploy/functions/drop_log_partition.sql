-- Deploy pgsm:functions/drop_log_partition to pg
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm.drop_log_partition (before timestamptz)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
    v_name  text;
begin
    -- known by their names: a partition's month is over where the next has begun
    select c.relname
    into v_name
    from pg_inherits as h
    join pg_class as c on c.oid = h.inhrelid
    where h.inhparent = 'pgsm_private.event_log'::regclass
        and c.relname ~ '^event_log_\d{4}_\d{2}$'
        and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC'
            <= drop_log_partition.before
    order by c.relname
    limit 1;
    if v_name is not null then
        -- dynamic because the name is computed
        execute format('alter table pgsm_private.event_log detach partition pgsm_private.%I', v_name);
        execute format('drop table pgsm_private.%I', v_name);
    end if;
    return v_name;
exception
    when lock_not_available then
        return '';
end;
$$;

comment on function pgsm.drop_log_partition (timestamptz) is $comment$
    Drop the oldest partition of the event log, if all in it is older.

        select pgsm.drop_log_partition(now() - interval '1 year');

    Returns its name, null where there is none, '' where the lock was not to be had:
    it takes one that senders wait for, so it waits 50 ms for it and no longer.  Call
    it again then, in another transaction.  run_retention does all this by itself; see
    set_retention('log', …).  To keep a month elsewhere, copy it before.
$comment$;

commit;
