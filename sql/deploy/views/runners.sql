-- Deploy pgsm:views/runners to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace view pgsm.runners with (security_barrier = true) as
select
    r.runner_id,
    r.names,
    r.started_at,
    r.seen_at,
    coalesce(r.waiting_until > clock_timestamp(), false) as is_waiting,
    r.seen_at > clock_timestamp() - interval '1 minute' as is_alive
from pgsm_private.runners as r;

comment on view pgsm.runners is $comment$
    The runners that registered: the names that they handle, when they were last
    heard of, whether one waits to be woken and whether it seems to be alive.

        select runner_id, names from pgsm.runners where is_alive;
$comment$;

commit;
