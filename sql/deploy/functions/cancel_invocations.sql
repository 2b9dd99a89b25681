-- Deploy pgsm:functions/cancel_invocations to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.cancel_invocations (
    instance_id  text,
    invoke_ids   jsonb,
    clock        timestamptz
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- a running one is asked to stop through its runner's heartbeat
    update pgsm_private.effects as e
    set status = case e.status when 'running' then 'running' else 'cancelled' end,
        finished_at = case when e.status <> 'running' then cancel_invocations.clock end,
        cancel_requested = (e.status = 'running')
    where e.instance_id = cancel_invocations.instance_id
        and e.kind = 'invoke'
        and cancel_invocations.invoke_ids ? e.invoke_id
        and e.status in ('pending', 'retrying', 'running');
end;
$$;

comment on function pgsm_private.cancel_invocations (text, jsonb, timestamptz) is
    'Cancel what still runs of invocations whose list of work has ended.  The instance is locked.';

commit;
