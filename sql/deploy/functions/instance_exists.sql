-- Deploy pgsm:functions/instance_exists to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.instance_exists (instance_id text)
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select exists (
            select
            from pgsm_private.instances as i
            where i.instance_id = instance_exists.instance_id
        )
    );
end;
$$;

comment on function pgsm_private.instance_exists (text) is
    'Whether there is a row of this instance, locked or not.';

commit;
