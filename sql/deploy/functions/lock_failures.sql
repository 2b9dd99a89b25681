-- Deploy pgsm:functions/lock_failures to pg
-- requires: tables/effects
-- requires: tables/instances
-- requires: functions/is_awaited
--
-- Lock order: the instances in ascending instance_id, then the effects; all skip locked.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_failures (pairs jsonb)
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_locked  text[];
begin
    v_locked := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.instance_id in (
            select p.pair ->> 0 from jsonb_array_elements(lock_failures.pairs) as p (pair)
        )
        order by i.instance_id
        for no key update skip locked
    );
    return (
        select coalesce(jsonb_agg(
            jsonb_build_array(f.instance_id, f.effect_id)
            order by f.finished_at, f.instance_id, f.effect_id
        ), '[]')
        from (
            -- looked at again: another one may have retried it before the lock
            select e.instance_id, e.effect_id, e.finished_at
            from jsonb_array_elements(lock_failures.pairs) as p (pair)
            join pgsm_private.effects as e
                on e.instance_id = p.pair ->> 0 and e.effect_id = p.pair ->> 1
            left join pgsm_private.instances as i on i.instance_id = e.instance_id
            where e.status = 'failed'
                and coalesce(e.error ->> 'handled', '') <> 'true'
                and (i.instance_id is null or i.instance_id = any (v_locked))
                and pgsm_private.is_awaited(e, i)
            for update of e skip locked
        ) as f
    );
end;
$$;

comment on function pgsm_private.lock_failures (jsonb) is $comment$
    Lock failed effects, [[instance_id, effect_id], …], and their instances.  Returns the
    pairs in the order in which they failed, without those that others have locked, or
    that are not open any more.
$comment$;

commit;
