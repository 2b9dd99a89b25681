-- Deploy pgsm:functions/find_instances to pg
-- requires: functions/find_keyed
-- requires: functions/find_version
-- requires: functions/describe_instance

begin;
set local role pgsm_owner;

create or replace function pgsm.find_instances (
    machine  text,
    name     text,
    value    text,
    status   text default null
)
  returns setof pgsm.snapshot
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if find_instances.status not in ('active', 'paused', 'done', 'stopped', 'failed') then
        raise exception 'an instance has no status "%"', find_instances.status
            using errcode = 'SM115',
            hint = 'active, paused, done, stopped or failed; null for all';
    end if;
    return query
    select d.*
    from pgsm_private.find_keyed(
        find_instances.machine, find_instances.name, find_instances.value
    ) as i
    cross join pgsm_private.describe_instance(i, null, null) as d
    where i.status = coalesce(find_instances.status, i.status);
end;
$$;

comment on function pgsm.find_instances (text, text, text, text) is $comment$
    The instances of a machine that have a value under one of its document's keys.

        select * from pgsm.find_instances('order', 'payment', 'pay-7');

    An index finds them.  The value is a text (the key's as ->> gives it); tenant
    is a key like the others.  Returns their snapshots, by instance_id; none where
    nothing has the value.  Raises SM115 for a status that does not exist.
$comment$;

commit;
