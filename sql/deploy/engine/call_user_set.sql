-- Deploy pgsm:engine/call_user_set to pg
-- requires: schemas/schemas
--
-- Like call_user: it runs as pgsm_caller, which owns it and has no usage on its schema.

begin;

create function pgsm_engine.call_user_set (function text, arguments jsonb[], search_path text)
  returns jsonb[]
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_function   regprocedure := to_regprocedure(call_user_set.function);
    v_procedure  pg_catalog.pg_proc;
    v_list       text;
    v_results    jsonb[];
begin
    select * into v_procedure from pg_catalog.pg_proc as p where p.oid = v_function;
    if not found then
        raise exception 'function % does not exist', call_user_set.function
            using errcode = 'undefined_function';
    end if;
    -- as in call_user, for the types that the functions of an upgrade may have
    select string_agg(
        case
            when a.type in ('json'::regtype, 'jsonb'::regtype)
            then format('nullif(a.given -> %s, ''null'')::%s', a.position - 1, a.type::regtype)
            when a.type = 'text[]'::regtype
            then format('array(select pg_catalog.jsonb_array_elements_text(a.given -> %s))', a.position - 1)
            else format('a.given ->> %s', a.position - 1)
        end, ', ' order by a.position)
    into v_list
    from unnest(v_procedure.proargtypes::oid[]) with ordinality as a (type, position);
    perform set_config('search_path', call_user_set.search_path, true);
    -- the name and the types come from the catalogue, the values are bound
    execute format(
        'select pg_catalog.array_agg(pg_catalog.to_jsonb(%s(%s)) order by a.place)'
            ' from pg_catalog.unnest($1) with ordinality as a (given, place)',
        v_function::oid::regproc, v_list)
        into v_results using call_user_set.arguments;
    return array_replace(v_results, null, 'null'::jsonb);
end;
$$;

alter function pgsm_engine.call_user_set (text, jsonb[], text) owner to pgsm_caller;
revoke execute on function pgsm_engine.call_user_set (text, jsonb[], text) from public;
grant execute on function pgsm_engine.call_user_set (text, jsonb[], text) to pgsm_owner;

comment on function pgsm_engine.call_user_set (text, jsonb[], text) is $comment$
    Run a SQL function of texts, JSON and lists of texts as pgsm_caller, once for each
    list of arguments, in one statement.  Returns its results in their order.
$comment$;

commit;
