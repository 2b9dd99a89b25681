-- Deploy pgsm:functions/find_function to pg
-- requires: engine/call_user
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm_private.find_function (
    name          text,
    out function  oid,
    out message   text,
    out hint      text
)
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_names   text[];
    v_schema  text;
begin
    begin
        v_names := parse_ident(find_function.name, false);
        v_schema := v_names[cardinality(v_names) - 1];
        -- looked up with the eyes of pgsm_caller
        function := (pgsm_engine.call_user(find_function.name, null, '') #>> '{}')::oid;
        if function is null then
            message := format('function %s does not exist', find_function.name);
            hint := 'the types are those of its declaration, without names or defaults';
            return;
        end if;
        select n.nspname into v_schema
        from pg_catalog.pg_proc as p
        join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
        where p.oid = function;
    exception
        when insufficient_privilege then
            message := format('pgsm_caller may not look up %s: %s', find_function.name, sqlerrm);
            hint := case
                when has_schema_privilege(
                    'pgsm_caller', to_regnamespace(quote_ident(v_schema))::oid, 'usage')
                then 'grant usage on the schemas of its types to pgsm_caller'
                else format('grant usage on schema %I to pgsm_caller', v_schema)
            end;
        when invalid_parameter_value or invalid_text_representation or syntax_error
            or undefined_object or invalid_schema_name or undefined_function
            or invalid_name or name_too_long or too_many_arguments
            or feature_not_supported or undefined_table
        then
            message := format('%s is no function signature', find_function.name);
            hint := 'write schema.function(type, …)';
            return;
    end;
    -- names that begin with pg_ are Postgres's; a temporary function is another
    -- one in each session
    if v_schema in ('pgsm_private', 'pgsm_engine', 'information_schema')
        or (v_schema like 'pg\_%' and not exists (
            select from pgsm_private.settings as s
            where v_schema = 'pg_catalog'
                and find_function.name = any (s.catalog_functions)))
    then
        message := format('functions of schema %s may not be called', v_schema);
        hint := 'wrap it in a function of your own';
    end if;
end;
$$;

comment on function pgsm_private.find_function (text) is $comment$
    The function of a signature, as pgsm_caller sees it; or why a machine may
    not name it, and what to do.
$comment$;

commit;
