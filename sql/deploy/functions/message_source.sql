-- Deploy pgsm:functions/message_source to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.message_source (
    sender    pgsm_private.instances,
    receiver  text
)
  returns jsonb
  language sql
  immutable
begin atomic
    select pg_catalog.jsonb_build_object('instance', (message_source.sender).instance_id)
        || case when (message_source.sender).parent_id operator(pg_catalog.=) message_source.receiver
            then pg_catalog.jsonb_build_object('invoke', (message_source.sender).parent_invoke)
            else '{}'
        end;
end;

comment on function pgsm_private.message_source (pgsm_private.instances, text) is
    'Who sends a message: the instance, and to its parent the id by which that knows it.';

commit;
