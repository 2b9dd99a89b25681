-- Deploy pgsm:functions/arm_held_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.arm_held_timers (instance_id text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- To wait for a sender that is about to cancel its message could end in a
    -- deadlock: it may want this instance next.
    update pgsm_private.timers as t
    set status = 'armed'
    from (
        select h.timer_id
        from pgsm_private.timers as h
        where h.instance_id = arm_held_timers.instance_id and h.status = 'held'
        for update skip locked
    ) as h
    where t.instance_id = arm_held_timers.instance_id and t.timer_id = h.timer_id;
    -- should the cancel be undone, a driver arms it (arm_resumed_timers)
    if exists (
        select
        from pgsm_private.timers as t
        where t.instance_id = arm_held_timers.instance_id and t.status = 'held'
    ) then
        update pgsm_private.machine_versions as v
        set timers_held = true
        from pgsm_private.instances as i
        where i.instance_id = arm_held_timers.instance_id
            and v.machine = i.machine and v.version = i.version and not v.timers_held;
    end if;
end;
$$;

comment on function pgsm_private.arm_held_timers (text) is $comment$
    Arm the held timers of an instance that is paused no more.

    Lock order: the instance (locked by the caller), its timers (skip locked), its version.
$comment$;

commit;
