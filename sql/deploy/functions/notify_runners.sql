-- Deploy pgsm:functions/notify_runners to pg
-- requires: tables/effects
--
-- A statement of its own, after the effects are written: a runner that set its
-- flag before this statement is seen, and one that sets it later sees the
-- effects, because it polls until all who could have missed it have ended.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.notify_runners ()
  returns void
  language plpgsql
as $$
begin
    if current_setting('pgsm.notify', true) = 'off' then
        return;
    end if;
    if current_setting('transaction_isolation') <> 'read committed'
        -- an old snapshot does not see who waits by now
        or exists (
            select
            from pgsm_private.runners as r
            where r.waiting_until > clock_timestamp()
        )
    then
        perform pg_notify('pgsm_effects', '');
    end if;
end;
$$;

comment on function pgsm_private.notify_runners () is $comment$
    Wake the runners that wait for effects; nothing where nobody waits, since a
    NOTIFY makes commits go one at a time.  "set pgsm.notify = off" leaves
    polling alone (a prepared transaction may not notify).
$comment$;

commit;
