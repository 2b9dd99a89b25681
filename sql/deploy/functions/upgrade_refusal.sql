-- Deploy pgsm:functions/upgrade_refusal to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_refusal (
    instance  pgsm_private.instances,
    version   integer,
    error     jsonb
)
  returns text
  language sql
  stable
as $$
    select format('instance "%s" cannot go from version %s to %s: %s',
        ($1).instance_id, ($1).version, $2, $3 ->> 'message')
$$;

comment on function pgsm_private.upgrade_refusal (pgsm_private.instances, integer, jsonb) is
    'What SM402 says of an instance that the engine refuses to move.';

commit;
