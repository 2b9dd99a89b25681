-- Deploy pgsm:functions/get_instance to pg
-- requires: functions/find_instance
-- requires: functions/describe_instance

begin;
set local role pgsm_owner;

create or replace function pgsm.get_instance (instance_id text)
  returns pgsm.snapshot
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
    return pgsm_private.describe_instance(
        pgsm_private.find_instance(get_instance.instance_id), null, null
    );
end;
$$;

comment on function pgsm.get_instance (text) is $comment$
    An instance as it stands.

        select * from pgsm.get_instance('order-42');

    Returns the snapshot, without an outcome.  Raises SM100.
$comment$;

commit;
