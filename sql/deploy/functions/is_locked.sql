-- Deploy pgsm:functions/is_locked to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.is_locked (instance_id text)
  returns boolean
  language plpgsql
as $$
#variable_conflict use_column
begin
    perform
    from pgsm_private.instances as i
    where i.instance_id = is_locked.instance_id
    for no key update skip locked;
    return not found and exists (
        select
        from pgsm_private.instances as i
        where i.instance_id = is_locked.instance_id
    );
end;
$$;

comment on function pgsm_private.is_locked (text) is
    'Whether another session has an instance locked; where none has, this one does from now on.';

commit;
