-- Deploy pgsm:functions/check_upgrade_function to pg
-- requires: functions/check_function
-- requires: functions/find_function
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_upgrade_function (
    path      text,
    function  text,
    types     text[],
    results   text[],
    author    text
)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_problem   jsonb;
    v_function  pg_catalog.pg_proc;
begin
    if check_upgrade_function.function is null then
        return '[]';
    end if;
    v_problem := (pgsm_private.check_function(jsonb_build_object(
        'path', check_upgrade_function.path, 'function', check_upgrade_function.function,
        'kind', 'call'
    ), check_upgrade_function.author)).problem;
    if v_problem is not null then
        return jsonb_build_array(v_problem);
    end if;
    select p.* into v_function
    from pg_catalog.pg_proc as p
    where p.oid = (pgsm_private.find_function(check_upgrade_function.function)).function;
    if array(
        select replace(a.type::regtype::text, 'jsonb', 'json')
        from unnest(v_function.proargtypes::oid[]) with ordinality as a (type, position)
        order by a.position
    ) <> check_upgrade_function.types
        or v_function.prorettype::regtype::text <> all (check_upgrade_function.results)
    then
        return jsonb_build_array(jsonb_build_object(
            'path', check_upgrade_function.path, 'code', 'bad_signature',
            'message', format('%s takes (%s) and returns %s, not (%s) and %s',
                v_function.oid::regproc, array_to_string(check_upgrade_function.types, ', '),
                array_to_string(check_upgrade_function.results, ' or '),
                pg_get_function_identity_arguments(v_function.oid),
                v_function.prorettype::regtype)
        ));
    end if;
    return '[]';
end;
$$;

comment on function pgsm_private.check_upgrade_function (text, text, text[], text[], text) is
    'The problems with a function that an upgrade names: that it exists, may be executed, and has the right types.';

commit;
