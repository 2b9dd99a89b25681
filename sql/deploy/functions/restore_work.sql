-- Deploy pgsm:functions/restore_work to pg
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/instances
-- requires: functions/notify_runners

begin;
set local role pgsm_owner;

create or replace function pgsm_private.restore_work (
    instance  pgsm_private.instances,
    image     pgsm_private.upgrade_preimages
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_id        text := (restore_work.instance).instance_id;
    v_image     pgsm_private.upgrade_preimages := restore_work.image;
    v_revision  bigint := (v_image.instance ->> 'revision')::bigint;
begin
    -- what has been posted meanwhile stays: a sender waits for no upgrade, so that it
    -- may have come between the pre-image and the end of the upgrade
    delete from pgsm_private.timers as t
    where t.instance_id = v_id
        and t.timer_id = any (v_image.timers_after)
        and (t.kind not in ('post', 'message') or exists (
            select
            from jsonb_array_elements(v_image.timers) as r (timer)
            where r.timer ->> 'timer_id' = t.timer_id
        ));
    insert into pgsm_private.timers
    select r.*
    from jsonb_populate_recordset(null::pgsm_private.timers, v_image.timers) as r
    on conflict do nothing;
    update pgsm_private.timers as t
    set status = case (restore_work.instance).status when 'paused' then 'held' else 'armed' end
    where t.instance_id = v_id and t.status in ('armed', 'held');

    delete from pgsm_private.effects as e
    where e.instance_id = v_id and split_part(e.effect_id, '/', 1)::bigint > v_revision;
    -- one that went on may have been claimed meanwhile: only its place is restored
    update pgsm_private.effects as e
    set state = r.state, invoke_id = r.invoke_id, version = r.version,
        status = case when e.status = 'cancelled' then r.status else e.status end,
        finished_at = case when e.status = 'cancelled' then r.finished_at else e.finished_at end,
        held_back = case when e.status = 'cancelled' then r.held_back else e.held_back end,
        place = r.place
    from jsonb_populate_recordset(null::pgsm_private.effects, v_image.effects) as r
    where e.instance_id = v_id and e.effect_id = r.effect_id;
    perform pgsm_private.notify_runners();

    delete from pgsm_private.instance_keys as k where k.instance_id = v_id;
    insert into pgsm_private.instance_keys (instance_id, machine, name, value)
    select v_id, (restore_work.instance).machine, r.pair ->> 0, r.pair ->> 1
    from jsonb_array_elements(v_image.keys) as r (pair);
end;
$$;

comment on function pgsm_private.restore_work (
    pgsm_private.instances, pgsm_private.upgrade_preimages
) is $comment$
    Give a locked instance the timers, effects and keys of a pre-image again.

    Lock order: the instance (locked by the caller), its timers, its effects.
$comment$;

commit;
