-- Deploy pgsm:functions/check_function to pg
-- requires: engine/call_user
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_function (
    use        jsonb,
    author     text,
    out problem  jsonb,
    out hash     text
)
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_name      text := check_function.use ->> 'function';
    v_oid       oid;
    v_function  pg_catalog.pg_proc;
    v_schema    text;
    v_message   text;
    v_hint      text;
    v_code      text := 'bad_function';
begin
    begin
        v_oid := (pgsm_engine.call_user(v_name, null, '') #>> '{}')::oid;
    exception
        when insufficient_privilege then
            v_message := format('pgsm_caller may not use the schema of %s', v_name);
            v_hint := format('grant usage on schema %s to pgsm_caller', split_part(v_name, '.', 1));
        when invalid_text_representation or syntax_error or undefined_object
            or invalid_schema_name or undefined_function
        then
            v_message := format('%s is no function signature', v_name);
            v_hint := 'write schema.function(type, …)';
    end;
    select p.* into v_function from pg_catalog.pg_proc as p where p.oid = v_oid;
    select n.nspname into v_schema
    from pg_catalog.pg_namespace as n where n.oid = v_function.pronamespace;

    if v_message is not null then
        null;
    elsif v_oid is null then
        v_message := format('function %s does not exist', v_name);
        v_hint := 'the types are those of its declaration, without names or defaults';
    elsif v_schema in ('pgsm_private', 'pgsm_engine', 'information_schema')
        or (v_schema = 'pg_catalog' and not exists (
            select from pgsm_private.settings as s
            where v_name = any (s.catalog_functions)))
    then
        v_message := format('functions of schema %s may not be called', v_schema);
        v_hint := 'wrap it in a function of your own';
    elsif not has_function_privilege('pgsm_caller', v_oid, 'execute') then
        v_message := format('pgsm_caller may not execute %s', v_name);
        v_hint := format('grant execute on function %s to pgsm_caller', v_name);
    elsif not (has_function_privilege(check_function.author, v_oid, 'execute')
        and has_schema_privilege(check_function.author, v_function.pronamespace, 'usage'))
    then
        v_message := format('"%s" may not execute %s', check_function.author, v_name);
        v_hint := format('grant execute on function %s to %I', v_name, check_function.author);
    elsif v_function.prokind <> 'f' or v_function.proretset then
        v_message := format('%s is not a function that returns one value', v_name);
    elsif check_function.use ->> 'kind' <> 'call' and v_function.provolatile = 'v' then
        v_message := format('%s is volatile, but a %s only reads', v_name, check_function.use ->> 'kind');
        v_hint := 'declare it stable, or use a call action';
    end if;

    if v_message is null then
        hash := md5(pg_get_functiondef(v_oid));
    else
        problem := jsonb_build_object('path', check_function.use ->> 'path',
            'code', v_code, 'message', v_message, 'hint', v_hint);
    end if;
end;
$$;

comment on function pgsm_private.check_function (jsonb, text) is $comment$
    Whether a SQL function that a definition names exists, is of the right
    kind, and may be executed by its author and by pgsm_caller.  Returns the
    problem, or the hash of its definition.
$comment$;

commit;
