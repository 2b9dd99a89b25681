-- Deploy pgsm:functions/set_upgrade_policy to pg
-- requires: functions/set_next_versions
-- requires: functions/find_version
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create or replace function pgsm.set_upgrade_policy (machine text, policy text)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_version(set_upgrade_policy.machine, null);
    if set_upgrade_policy.policy is null or set_upgrade_policy.policy not in ('manual', 'lazy') then
        raise exception 'a policy is ''manual'' or ''lazy'', not ''%''', set_upgrade_policy.policy
            using errcode = 'SM115';
    end if;
    update pgsm_private.machines as m
    set upgrade_policy = set_upgrade_policy.policy
    where m.machine = set_upgrade_policy.machine;
    perform pgsm_private.set_next_versions(set_upgrade_policy.machine);
end;
$$;

comment on function pgsm.set_upgrade_policy (text, text) is $comment$
    Say when running instances follow the current version: manual (when told to),
    or lazy: each before its next event, timer or result, in the same transaction.

        select pgsm.set_upgrade_policy('order', 'lazy');

    An instance that cannot go is listed in upgrade_failures and takes its event on
    its own version; it is not tried again until the upgrade is declared again.
    Raises SM002, SM003 (no current version), SM115 (no such policy).
$comment$;

commit;
