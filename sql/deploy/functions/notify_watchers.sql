-- Deploy pgsm:functions/notify_watchers to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.notify_watchers (instance pgsm_private.instances)
  returns void
  language plpgsql
as $$
begin
    -- a watcher's life is real time, also where a test stops the clock
    if notify_watchers.instance.watched_until > clock_timestamp()
        and current_setting('pgsm.notify', true) is distinct from 'off'
    then
        perform pg_notify('pgsm_watch', notify_watchers.instance.instance_id);
    end if;
end;
$$;

comment on function pgsm_private.notify_watchers (pgsm_private.instances) is $comment$
    Wake those who watch an instance that has taken a step.  Whether somebody does is in
    the instance's own row, which the step has locked: a watcher whose registration is
    committed is seen by every later step.
$comment$;

commit;
