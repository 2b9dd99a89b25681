-- Deploy pgsm:functions/see_runner to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.see_runner (runner_id text, is_busy boolean)
  returns void
  language sql
as $$
    -- a runner's life is real time, also where a test stops the clock
    update pgsm_private.runners as r
    set seen_at = clock_timestamp(),
        waiting_until = case when not see_runner.is_busy then r.waiting_until end
    where r.runner_id = see_runner.runner_id
        and (
            r.seen_at < clock_timestamp() - interval '5 seconds'
            or (see_runner.is_busy and r.waiting_until is not null)
        );
$$;

comment on function pgsm_private.see_runner (text, boolean) is $comment$
    Note that a runner lives; one that is busy waits for no NOTIFY.  Writes only
    when that is news.
$comment$;

commit;
