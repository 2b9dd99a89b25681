-- Deploy pgsm:functions/unregister_runner to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.unregister_runner (runner_id text)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    delete from pgsm_private.runners as r
    where r.runner_id = unregister_runner.runner_id;
$$;

comment on function pgsm.unregister_runner (text) is $comment$
    Forget a runner that has stopped.  What it still has leased comes back when
    the leases end.

        select pgsm.unregister_runner('runner-1');
$comment$;

commit;
