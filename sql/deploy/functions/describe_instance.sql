-- Deploy pgsm:functions/describe_instance to pg
-- requires: types/snapshot
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.describe_instance (
    instance  pgsm_private.instances,
    outcome   text,
    details   jsonb
)
  returns pgsm.snapshot
  language sql
  immutable
as $$
    select row(
        ($1).instance_id, ($1).machine, ($1).version, ($1).status, ($1).value, ($1).states,
        ($1).context, ($1).tags, ($1).output, ($1).revision, $2, $3
    )::pgsm.snapshot
$$;

comment on function pgsm_private.describe_instance (pgsm_private.instances, text, jsonb) is
    'The public snapshot of an instance.';

commit;
