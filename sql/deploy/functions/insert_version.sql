-- Deploy pgsm:functions/insert_version to pg
-- requires: functions/insert_definition
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.insert_version (
    machine  text,
    version  integer,
    author   text,
    checked  json
)
  returns integer
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_version  integer;
begin
    select v.version into v_version
    from pgsm_private.machine_versions as v
    where v.machine = insert_version.machine
        and v.checksum = insert_version.checked ->> 'checksum'
    order by v.version desc
    limit 1;
    if found then
        return v_version;
    end if;

    select coalesce(insert_version.version, coalesce(max(v.version), 0) + 1)
    into v_version
    from pgsm_private.machine_versions as v
    where v.machine = insert_version.machine;

    insert into pgsm_private.machine_versions
        (machine, version, checksum, settings, unhandled, time_zone, functions, author)
    values (
        insert_version.machine,
        v_version,
        insert_version.checked ->> 'checksum',
        insert_version.checked #> '{rows,settings,0,settings}',
        insert_version.checked ->> 'unhandled',
        insert_version.checked ->> 'time_zone',
        (insert_version.checked -> 'functions')::jsonb,
        insert_version.author
    );
    perform pgsm_private.insert_definition(
        insert_version.machine, v_version, insert_version.checked -> 'rows'
    );
    return v_version;
end;
$$;

comment on function pgsm_private.insert_version (text, integer, text, json) is
    'Write a checked definition as a version and return its number: that of the same document when there is one.';

commit;
