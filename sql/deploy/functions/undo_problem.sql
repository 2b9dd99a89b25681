-- Deploy pgsm:functions/undo_problem to pg
-- requires: tables/upgrades
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.undo_problem (
    instance  pgsm_private.instances,
    image     pgsm_private.upgrade_preimages
)
  returns text
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := undo_problem.instance;
    v_image     pgsm_private.upgrade_preimages := undo_problem.image;
    v_effect    text;
begin
    if v_image.instance_id is null then
        return case when exists (
            select from pgsm_private.upgrade_preimages as p
            where p.instance_id = v_instance.instance_id
        ) then format('it is at revision %s: something has happened since', v_instance.revision)
        else 'it was not upgraded' end;
    elsif v_image.lasting is not null then
        return v_image.lasting;
    elsif exists (
        select from unnest(v_image.timers_after) as a (timer_id)
        where not exists (
            select from pgsm_private.timers as t
            where t.instance_id = v_instance.instance_id and t.timer_id = a.timer_id)
    ) then
        return 'a timer has fired since';
    end if;
    select format('effect "%s" was running and is asked to stop', e.name)
    into v_effect
    from pgsm_private.effects as e
    join jsonb_array_elements(v_image.effects) as o (effect)
        on o.effect ->> 'effect_id' = e.effect_id
    where e.instance_id = v_instance.instance_id
        and o.effect ->> 'status' = 'running'
        and not (o.effect ->> 'cancel_requested')::boolean
        and e.cancel_requested
    limit 1;
    if v_effect is null then
        select format('effect "%s", which the upgrade started, is %s', e.name, e.status)
        into v_effect
        from pgsm_private.effects as e
        where e.instance_id = v_instance.instance_id
            and split_part(e.effect_id, '/', 1)::bigint > (v_image.instance ->> 'revision')::bigint
            and (e.status not in ('pending', 'cancelled') or e.attempt > 0)
        limit 1;
    end if;
    return v_effect;
end;
$$;

comment on function pgsm_private.undo_problem (
    pgsm_private.instances, pgsm_private.upgrade_preimages
) is 'Why the upgrade that made an instance what it is cannot be undone; null when it can.';

commit;
