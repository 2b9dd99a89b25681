-- Deploy pgsm:functions/record_upgrade_failure to pg
-- requires: tables/upgrades
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.record_upgrade_failure (
    instance    pgsm_private.instances,
    to_version  integer,
    error       jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.upgrade_failures
        (instance_id, to_version, machine, from_version, error, failed_at)
    values (
        (record_upgrade_failure.instance).instance_id, record_upgrade_failure.to_version,
        (record_upgrade_failure.instance).machine, (record_upgrade_failure.instance).version,
        record_upgrade_failure.error, pgsm_private.now()
    )
    on conflict on constraint upgrade_failures_pkey do update
    set error = excluded.error, failed_at = excluded.failed_at,
        from_version = excluded.from_version;
end;
$$;

comment on function pgsm_private.record_upgrade_failure (pgsm_private.instances, integer, jsonb) is
    'Keep why an instance could not be upgraded, for pgsm.upgrade_failures.';

commit;
