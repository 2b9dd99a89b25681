-- Deploy pgsm:functions/instance_facts to pg
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.instance_facts (instance pgsm_private.instances)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select jsonb_build_object(
            'status', ($1).status,
            'value', ($1).value,
            'timers', (
                select coalesce(jsonb_agg(jsonb_build_object(
                    'event', t.event, 'due_at', t.due_at, 'status', t.status
                ) order by t.due_at, t.event), '[]')
                from pgsm_private.timers as t
                where t.instance_id = ($1).instance_id
            ),
            'effects', (
                select coalesce(jsonb_agg(jsonb_build_object(
                    'name', e.name, 'invoke_id', e.invoke_id,
                    'status', case when e.cancel_requested then 'cancelled' else e.status end
                ) order by e.created_at, e.effect_id), '[]')
                from pgsm_private.effects as e
                where e.instance_id = ($1).instance_id
                    and e.status in ('pending', 'retrying', 'running')
            )
        )
    );
end;
$$;

comment on function pgsm_private.instance_facts (pgsm_private.instances) is
    'An instance''s state, timers and live effects, as a preview shows them.';

commit;
