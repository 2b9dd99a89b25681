-- Deploy pgsm:functions/remove_tombstone to pg
-- requires: tables/instances
-- requires: tables/event_log
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.remove_tombstone (instance_id text)
  returns boolean
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.instances as i
    where i.instance_id = remove_tombstone.instance_id
        and i.status = 'deleted'
        and not exists (
            select from pgsm_private.event_log as l
            where l.instance_id = remove_tombstone.instance_id
        )
        and not exists (
            select from pgsm_private.effects as e
            where e.instance_id = remove_tombstone.instance_id
        );
    return found;
end;
$$;

comment on function pgsm_private.remove_tombstone (text) is
    'Remove what is left of a deleted instance when its history is gone; says whether it has.';

commit;
