-- Deploy pgsm:functions/set_next_versions to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.set_next_versions (machine text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    update pgsm_private.machine_versions as v
    set next_version = case
            when m.upgrade_policy = 'lazy' and v.version <> m.current_version
            then m.current_version
        end
    from pgsm_private.machines as m
    where v.machine = set_next_versions.machine
        and m.machine = set_next_versions.machine
        and v.next_version is distinct from case
            when m.upgrade_policy = 'lazy' and v.version <> m.current_version
            then m.current_version
        end;
end;
$$;

comment on function pgsm_private.set_next_versions (text) is
    'Note with each version what its instances become before their next event: the current one where the machine is lazy.';

commit;
