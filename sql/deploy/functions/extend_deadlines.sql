-- Deploy pgsm:functions/extend_deadlines to pg
-- requires: tables/effects
-- requires: tables/effect_limits
--
-- Takes row locks of effects only and waits for none.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.extend_deadlines ()
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    if not exists (select from pgsm_private.effect_extensions) then
        return;
    end if;
    with free as materialized (
        select x.instance_id, x.effect_id, x.extend_to,
            e.status in ('pending', 'retrying', 'running')
            and e.deadline_at is not distinct from x.deadline_at
            and e.time_left is not distinct from x.time_left as is_due
        from pgsm_private.effect_extensions as x
        join pgsm_private.effects as e
            on e.instance_id = x.instance_id and e.effect_id = x.effect_id
        limit 1000
        for update of x, e skip locked
    ),
    written as (
        update pgsm_private.effects as e
        set deadline_at = f.extend_to, time_left = null
        from free as f
        where e.instance_id = f.instance_id and e.effect_id = f.effect_id and f.is_due
    )
    delete from pgsm_private.effect_extensions as x
    using free as f
    where x.instance_id = f.instance_id
        and x.effect_id = f.effect_id
        and x.extend_to = f.extend_to;
end;
$$;

comment on function pgsm_private.extend_deadlines () is
    'Put off the deadlines that resume_effects could not; those that are locked still wait.';

commit;
