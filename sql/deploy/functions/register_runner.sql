-- Deploy pgsm:functions/register_runner to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.register_runner (runner_id text, names text[])
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- those that were killed; a living one registers itself again
    delete from pgsm_private.runners as r
    where r.seen_at < clock_timestamp() - interval '1 day';

    insert into pgsm_private.runners as r (runner_id, names, started_at, seen_at)
    values (
        register_runner.runner_id, register_runner.names,
        clock_timestamp(), clock_timestamp()
    )
    on conflict (runner_id) do update
    set names = excluded.names,
        started_at = excluded.started_at,
        seen_at = excluded.seen_at,
        waiting_until = null;
end;
$$;

comment on function pgsm.register_runner (text, text[]) is $comment$
    Make a runner and the names that it handles known to the views.

        select pgsm.register_runner('runner-1', '{email.send}');

    The same runner_id again replaces the row.  Claims need no registration.
$comment$;

commit;
