-- Deploy pgsm:functions/define_machine to pg
-- requires: functions/remove_version
-- requires: functions/insert_version
-- requires: functions/check_document
-- requires: functions/insert_definition
-- requires: functions/raise_problems
-- requires: functions/caller_role
-- requires: functions/set_next_versions

begin;
set local role pgsm_owner;

create or replace function pgsm.define_machine (
    machine       text,
    definition    json,
    version       integer default null,
    make_current  boolean default true,
    replace       boolean default false
)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_author   text := pgsm_private.caller_role();
    v_version  integer := define_machine.version;
    v_checked  json;
    v_taken    text;
begin
    if define_machine.machine is null or define_machine.machine !~ '^[^[:cntrl:]]{1,200}$' then
        raise exception 'a machine needs a name of 1 to 200 characters'
            using errcode = 'SM006';
    elsif define_machine.definition is null then
        raise exception 'a machine needs a definition' using errcode = 'SM001';
    elsif v_version < 1 then
        raise exception 'a version is a positive number, not %', v_version
            using errcode = 'SM006';
    end if;
    v_checked := pgsm_private.check_document(define_machine.definition, v_author);
    if json_array_length(v_checked -> 'problems') > 0 then
        perform pgsm_private.raise_problems(
            format('the definition of machine "%s"', define_machine.machine),
            (v_checked -> 'problems')::jsonb, 'SM001'
        );
    end if;

    insert into pgsm_private.machines (machine)
    values (define_machine.machine) on conflict do nothing;
    perform from pgsm_private.machines as m
    where m.machine = define_machine.machine for no key update;

    select v.checksum into v_taken
    from pgsm_private.machine_versions as v
    where v.machine = define_machine.machine and v.version = v_version;
    if v_taken is distinct from v_checked ->> 'checksum' then
        if v_taken is not null then
            perform pgsm_private.remove_version(
                define_machine.machine, v_version, define_machine.replace
            );
        end if;
        v_version := pgsm_private.insert_version(
            define_machine.machine, v_version, v_author, v_checked
        );
    end if;

    if coalesce(define_machine.make_current, true) then
        update pgsm_private.machines as m
        set current_version = v_version
        where m.machine = define_machine.machine
            and m.current_version is distinct from v_version;
        perform pgsm_private.set_next_versions(define_machine.machine);
    end if;
    return v_version;
end;
$$;

comment on function pgsm.define_machine (text, json, integer, boolean, boolean) is $comment$
    Define a version of a machine from a document, and make it the current one.

        select pgsm.define_machine('door', '{"initial": "closed", "states": {
            "closed": {"on": {"open": "opened"}}, "opened": {"on": {"close": "closed"}}}}');

    Returns the version.  A document that is a version already gives that
    version again.  replace overwrites a version that has no instances.  Raises
    SM001 with all problems and their JSON paths in the detail, SM004 when the
    number is taken by another document, SM005 when it has instances.
$comment$;

commit;
