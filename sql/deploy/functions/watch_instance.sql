-- Deploy pgsm:functions/watch_instance to pg
-- requires: functions/find_instance
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm.watch_instance (
    instance_id  text,
    seconds      double precision default 60
)
  returns double precision
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_seconds  double precision := greatest(0, least(watch_instance.seconds, 3600));
    v_until    timestamptz;
    v_longer   timestamptz;
begin
    v_until := (pgsm_private.find_instance(watch_instance.instance_id)).watched_until;
    -- of many watchers one writes
    if coalesce(v_until < clock_timestamp() + make_interval(secs => v_seconds / 2), true) then
        -- a step that is under way is not waited for: its caller may be who watches
        update pgsm_private.instances as i
        set watched_until = clock_timestamp() + make_interval(secs => v_seconds)
        where i.instance_id = (
            select l.instance_id
            from pgsm_private.instances as l
            where l.instance_id = watch_instance.instance_id
            for no key update skip locked
        )
        returning i.watched_until into v_longer;
        v_until := coalesce(v_longer, v_until);
    end if;
    return greatest(0, coalesce(extract(epoch from v_until - clock_timestamp()), 0));
end;
$$;

comment on function pgsm.watch_instance (text, double precision) is $comment$
    Ask that each step of an instance wakes those who listen to the channel
    pgsm_watch, with the instance's id as payload, for some seconds (at most 3600).

        listen pgsm_watch;
        select pgsm.watch_instance('order-42', 60);

    In a transaction of its own: it locks the instance until that is over.  Look at
    the instance once more afterwards: steps before this one have notified nobody.
    Returns for how many seconds steps will notify: call it again when half of them
    are over; 0 where a step is under way just now: look again soon, and call it again.
    Polling pgsm.event_log alone is right, too.  Raises SM100, SM120.
$comment$;

commit;
