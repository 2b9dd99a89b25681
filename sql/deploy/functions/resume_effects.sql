-- Deploy pgsm:functions/resume_effects to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/notify_runners
-- requires: functions/now
--
-- Takes row locks of effects only and waits for none: who holds an instance may wait for
-- several of them, in another order.

begin;
set local role pgsm_owner;

create or replace function pgsm.resume_effects (name text)
  returns bigint
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now     timestamptz := pgsm_private.now();
    v_paused  timestamptz;
begin
    delete from pgsm_private.effect_pauses as p
    where p.name = resume_effects.name
    returning p.paused_at into v_paused;

    if found then
        with extended as (
            select
                e.instance_id, e.effect_id, e.deadline_at, e.time_left,
                coalesce(
                    e.deadline_at + (v_now - greatest(v_paused, e.created_at)),
                    v_now + e.time_left
                ) as extend_to
            from pgsm_private.effects as e
            where e.name = resume_effects.name
                and e.status in ('pending', 'retrying', 'running')
                and (e.deadline_at > v_paused or e.time_left is not null)
        ),
        free as materialized (
            select e.instance_id, e.effect_id, x.extend_to
            from extended as x
            join pgsm_private.effects as e
                on e.instance_id = x.instance_id and e.effect_id = x.effect_id
            where e.status in ('pending', 'retrying', 'running')
                and e.deadline_at is not distinct from x.deadline_at
                and e.time_left is not distinct from x.time_left
            for update of e skip locked
        ),
        written as (
            update pgsm_private.effects as e
            set deadline_at = f.extend_to, time_left = null
            from free as f
            where e.instance_id = f.instance_id and e.effect_id = f.effect_id
        )
        insert into pgsm_private.effect_extensions as n
            (instance_id, effect_id, deadline_at, time_left, extend_to)
        select x.instance_id, x.effect_id, x.deadline_at, x.time_left, x.extend_to
        from extended as x
        left join free as f on f.instance_id = x.instance_id and f.effect_id = x.effect_id
        where f.effect_id is null;
        perform pgsm_private.notify_runners();
    end if;
    return (
        select count(*)
        from pgsm_private.effects as e
        where e.name = resume_effects.name
            and e.status in ('pending', 'retrying')
            and not e.held_back
            and e.parked is null
    );
end;
$$;

comment on function pgsm.resume_effects (text) is $comment$
    Claim the effects of a paused name again; their deadlines are later by as long
    as they waited for this.

        select pgsm.resume_effects('email.send');

    Nothing where the name is not paused.  limit_effects before it lets a backlog
    out slowly.

    Returns how many wait.
$comment$;

commit;
