-- Deploy pgsm:functions/remove_version to pg
-- requires: tables/definitions
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.remove_version (
    machine  text,
    version  integer,
    replace  boolean
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    if not coalesce(remove_version.replace, false) then
        raise exception 'version % of machine "%" is another document',
            remove_version.version, remove_version.machine
            using errcode = 'SM004',
            hint = 'leave the version out for the next number, or say replace => true';
    end if;
    if exists (
        select from pgsm_private.instances as i
        where i.machine = remove_version.machine and i.version = remove_version.version
    ) then
        raise exception 'version % of machine "%" has instances',
            remove_version.version, remove_version.machine
            using errcode = 'SM005',
            hint = 'define a new version and upgrade the instances to it';
    end if;
    delete from pgsm_private.upgrades as u
    where u.machine = remove_version.machine
        and remove_version.version in (u.from_version, u.to_version);
    update pgsm_private.machines as m
    set current_version = null
    where m.machine = remove_version.machine and m.current_version = remove_version.version;
    delete from pgsm_private.machine_versions as v
    where v.machine = remove_version.machine and v.version = remove_version.version;
end;
$$;

comment on function pgsm_private.remove_version (text, integer, boolean) is
    'Remove a version that is to be replaced; refused without replace (SM004) or with instances (SM005).';

commit;
