-- Deploy pgsm:functions/resume_effects to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/notify_runners
-- requires: functions/now
--
-- Takes row locks of effects only, in the order of their keys.

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
        with stopped as materialized (
            select e.instance_id, e.effect_id
            from pgsm_private.effects as e
            where e.name = resume_effects.name
                and e.status in ('pending', 'retrying', 'running')
                and (e.deadline_at > v_paused or e.time_left is not null)
            order by e.instance_id, e.effect_id
            for update
        )
        update pgsm_private.effects as e
        set deadline_at = coalesce(
                e.deadline_at + (v_now - greatest(v_paused, e.created_at)),
                v_now + e.time_left
            ),
            time_left = null
        from stopped as s
        where e.instance_id = s.instance_id and e.effect_id = s.effect_id;
        perform pgsm_private.notify_runners();
    end if;
    return (
        select count(*)
        from pgsm_private.effects as e
        where e.name = resume_effects.name
            and e.status in ('pending', 'retrying')
            and not e.held_back
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
