-- Deploy pgsm:functions/invocations_of to pg
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.invocations_of (instance pgsm_private.instances)
  returns jsonb
  language sql
  stable
as $$
    -- one that has ended counts too: its invocation is not started again
    select coalesce(jsonb_agg(jsonb_build_object(
        'effect_id', e.effect_id, 'state', e.state, 'invoke_id', e.invoke_id, 'name', e.name
    ) order by e.created_at, e.effect_id), '[]')
    from pgsm_private.effects as e
    where e.instance_id = ($1).instance_id
        and e.kind = 'invoke'
        and e.state = any (($1).states || array[''])
        and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')
        and not e.cancel_requested
$$;

comment on function pgsm_private.invocations_of (pgsm_private.instances) is
    'The effects of an instance''s active invocations, for an upgrade.';

commit;
