-- Deploy pgsm:functions/find_version to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.find_version (machine text, version integer)
  returns pgsm_private.machine_versions
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_version  pgsm_private.machine_versions;
begin
    select v.*
    into v_version
    from pgsm_private.machines as m
    join pgsm_private.machine_versions as v
        on v.machine = m.machine
        and v.version = coalesce(find_version.version, m.current_version)
    where m.machine = find_version.machine;
    if found then
        return v_version;
    end if;
    if not exists (
        select from pgsm_private.machines as m where m.machine = find_version.machine
    ) then
        raise exception 'machine "%" does not exist', find_version.machine
            using errcode = 'SM002', hint = 'select * from pgsm.machines';
    end if;
    raise exception 'machine "%" has no %', find_version.machine,
        coalesce('version ' || find_version.version, 'current version')
        using errcode = 'SM003', hint = 'select * from pgsm.machine_versions';
end;
$$;

comment on function pgsm_private.find_version (text, integer) is
    'A version of a machine, the current one when null; raises SM002 or SM003.';

commit;
