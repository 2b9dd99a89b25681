-- Deploy pgsm:functions/set_retention to pg
-- requires: tables/retention
-- requires: functions/actor
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_retention (what text, machine text)
  returns void
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    if check_retention.what is null or check_retention.what not in (
        'log', 'event_ids', 'effects', 'timers', 'preimages', 'instances', 'archive'
    ) then
        raise exception 'nothing is called "%" that may be kept for a time', check_retention.what
            using errcode = 'SM121',
            hint = 'log, event_ids, effects, timers, preimages, instances or archive';
    elsif check_retention.what = 'log' and check_retention.machine is not null then
        raise exception 'the log is kept for all machines alike'
            using errcode = 'SM121',
            hint = 'the log of an instance that has ended goes with it: retention of instances';
    elsif check_retention.machine is not null and not exists (
        select from pgsm_private.machines as m where m.machine = check_retention.machine
    ) then
        raise exception 'machine "%" does not exist', check_retention.machine
            using errcode = 'SM002', hint = 'select * from pgsm.machines';
    end if;
end;
$$;

comment on function pgsm_private.check_retention (text, text) is
    'Raise SM121 for what is not kept by a retention, SM002 for an unknown machine.';

create or replace function pgsm.set_retention (
    what     text,
    keep     interval,
    machine  text default null,
    action   text default 'delete'
)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.check_retention(set_retention.what, set_retention.machine);
    if set_retention.keep < interval '0' then
        raise exception 'nothing is kept for a negative interval' using errcode = 'SM121';
    elsif set_retention.action is null or set_retention.action not in ('delete', 'archive')
        or (set_retention.action = 'archive' and set_retention.what <> 'instances')
    then
        raise exception 'what is called "%" is not to be "%"', set_retention.what,
            set_retention.action
            using errcode = 'SM121', hint = '"delete", and for instances "archive"';
    end if;
    insert into pgsm_private.retention (what, machine, keep, action, set_at, actor)
    values (
        set_retention.what, coalesce(set_retention.machine, ''), set_retention.keep,
        set_retention.action, clock_timestamp(), pgsm_private.actor()
    )
    on conflict (what, machine) do update
    set keep = excluded.keep, action = excluded.action, set_at = excluded.set_at,
        actor = excluded.actor;
end;
$$;

comment on function pgsm.set_retention (text, interval, text, text) is $comment$
    Say how long something is kept after it has ended; run_retention removes it then.

        select pgsm.set_retention('log', '1 year');
        select pgsm.set_retention('effects', '90 days');
        select pgsm.set_retention('instances', '2 years', 'order', 'archive');
        select pgsm.set_retention('effects', null, 'payment');

    keep is counted from the end, null is for ever.  machine is for one machine, which
    then has no part in what is set for all.  What there is:
        log        months of the event log, of all machines
        event_ids  ids of sent events, by which a repeated one is known (30 days)
        effects    that succeeded, were cancelled, or failed and the machine took it
        timers     failed and undeliverable ones of instances that have ended
        preimages  of upgrades that cannot be undone any more (30 days)
        instances  that have ended, with all that is theirs; action 'archive' keeps
                   them as one row of archived_instances
        archive    rows of archived_instances, from when they were archived
    In brackets what is so until it is set; all else is kept for ever.

    Raises SM121 (no such thing, a negative interval or an action that is none), SM002.
$comment$;

create or replace function pgsm.reset_retention (what text, machine text default null)
  returns boolean
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.check_retention(reset_retention.what, reset_retention.machine);
    delete from pgsm_private.retention as r
    where r.what = reset_retention.what
        and r.machine = coalesce(reset_retention.machine, '');
    return found;
end;
$$;

comment on function pgsm.reset_retention (text, text) is $comment$
    Take back what set_retention has set: for a machine what is set for all holds
    again, for all what was so before.

        select pgsm.reset_retention('effects', 'payment');

    Returns whether there was something.  Raises SM121, SM002.
$comment$;

commit;
