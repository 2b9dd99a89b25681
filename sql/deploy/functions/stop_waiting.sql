-- Deploy pgsm:functions/stop_waiting to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.stop_waiting (runner_id text)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    update pgsm_private.runners as r
    set waiting_until = null
    where r.runner_id = stop_waiting.runner_id and r.waiting_until is not null;
$$;

comment on function pgsm.stop_waiting (text) is $comment$
    Take back wait_for_effects: senders need not notify this runner.  A claim
    that finds something does the same.

        select pgsm.stop_waiting('runner-1');
$comment$;

commit;
