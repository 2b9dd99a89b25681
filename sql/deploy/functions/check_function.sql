-- Deploy pgsm:functions/check_function to pg
-- requires: functions/find_function

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
    v_found     record;
    v_function  pg_catalog.pg_proc;
    v_message   text;
    v_hint      text;
begin
    v_found := pgsm_private.find_function(v_name);
    v_message := v_found.message;
    v_hint := v_found.hint;
    select p.* into v_function from pg_catalog.pg_proc as p where p.oid = v_found.function;

    if v_message is not null then
        null;
    elsif not has_function_privilege('pgsm_caller', v_function.oid, 'execute') then
        v_message := format('pgsm_caller may not execute %s', v_name);
        v_hint := format('grant execute on function %s to pgsm_caller', v_function.oid::regprocedure);
    elsif not has_schema_privilege(check_function.author, v_function.pronamespace, 'usage') then
        v_message := format('"%s" may not use the schema of %s', check_function.author, v_name);
        v_hint := format('grant usage on schema %s to %I',
            v_function.pronamespace::regnamespace, check_function.author);
    elsif not has_function_privilege(check_function.author, v_function.oid, 'execute') then
        v_message := format('"%s" may not execute %s', check_function.author, v_name);
        v_hint := format('grant execute on function %s to %I',
            v_function.oid::regprocedure, check_function.author);
    elsif v_function.prokind <> 'f' or v_function.proretset then
        v_message := format('%s is not a function that returns one value', v_name);
    elsif check_function.use ->> 'kind' <> 'call' and v_function.provolatile = 'v' then
        v_message := format('%s is volatile, but a %s only reads', v_name, check_function.use ->> 'kind');
        v_hint := 'declare it stable, or use a call action';
    end if;

    if v_message is null then
        hash := md5(pg_get_functiondef(v_function.oid));
    else
        problem := jsonb_build_object('path', check_function.use ->> 'path',
            'code', 'bad_function', 'message', v_message, 'hint', v_hint);
    end if;
end;
$$;

comment on function pgsm_private.check_function (jsonb, text) is $comment$
    Whether a SQL function that a definition names exists, is of the right
    kind, and may be executed by its author and by pgsm_caller.  Returns the
    problem, or the hash of its definition.
$comment$;

commit;
