-- Deploy pgsm:engine/call_user to pg
-- requires: schemas/schemas
--
-- The one function through which user SQL runs: as pgsm_caller, which owns it
-- and nothing else and has no usage on its schema (with it, user SQL could
-- alter the function to invoker and run as pgsm_owner).

begin;

create function pgsm_engine.call_user (function text, arguments jsonb, search_path text)
  returns jsonb
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_function   regprocedure := to_regprocedure(call_user.function);
    v_procedure  pg_catalog.pg_proc;
    v_given      integer := coalesce(jsonb_array_length(call_user.arguments), 0);
    v_list       text;
    v_result     jsonb;
    v_number     boolean;
begin
    -- without arguments it only looks the function up, with the caller's eyes
    if call_user.arguments is null then
        return to_jsonb(v_function::oid);
    end if;
    select * into v_procedure from pg_catalog.pg_proc as p where p.oid = v_function;
    if not found then
        raise exception 'function % does not exist', call_user.function
            using errcode = 'undefined_function';
    end if;
    if v_given not between v_procedure.pronargs - v_procedure.pronargdefaults
        and v_procedure.pronargs
    then
        raise exception 'function % takes % arguments, not %',
            call_user.function, v_procedure.pronargs, v_given
            using errcode = 'undefined_function';
    end if;
    select string_agg(
        case when v_procedure.provariadic <> 0 and a.position = v_procedure.pronargs
            then 'variadic ' else '' end
        || case
            when a.type in ('json'::regtype, 'jsonb'::regtype)
            then format('nullif($1 -> %s, ''null'')::%s', a.position - 1, a.type::regtype)
            when t.typcategory = 'A'
            then format(
                'case jsonb_typeof($1 -> %1$s) when ''array'' then array(select jsonb_array_elements_text($1 -> %1$s))::%2$s end',
                a.position - 1, format_type(a.type, null))
            else format('($1 ->> %s)::%s', a.position - 1, format_type(a.type, null))
        end, ', ' order by a.position)
    into v_list
    from unnest(v_procedure.proargtypes::oid[]) with ordinality as a (type, position)
    join pg_catalog.pg_type as t on t.oid = a.type
    where a.position <= v_given;
    v_number := v_procedure.prorettype
        in ('numeric'::regtype, 'real'::regtype, 'double precision'::regtype);
    -- the name and the types come from the catalogue, the values are bound
    perform set_config('search_path', call_user.search_path, true);
    if v_procedure.prorettype = 'void'::regtype then
        execute format('select %s(%s)', v_function::oid::regproc, v_list)
            using call_user.arguments;
        return 'null';
    end if;
    execute format(
        case when v_procedure.prorettype = 'timestamptz'::regtype
            -- in the form of "now", whatever the session's time zone
            then 'select case when pg_catalog.isfinite(r) then pg_catalog.to_jsonb(pg_catalog.to_char('
                'pg_catalog.timezone(''UTC'', r), ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"''))'
                ' else pg_catalog.to_jsonb(r) end from %s(%s) as r'
            else 'select to_jsonb(%s(%s))'
        end, v_function::oid::regproc, v_list)
        into v_result using call_user.arguments;
    -- to_jsonb makes texts of NaN and infinity
    if v_number and pg_catalog.jsonb_typeof(v_result) operator(pg_catalog.=) 'string' then
        raise exception 'function % returns %, which is no number of JSON',
            call_user.function, v_result
            using errcode = 'numeric_value_out_of_range';
    end if;
    return coalesce(v_result, 'null');
end;
$$;

alter function pgsm_engine.call_user (text, jsonb, text) owner to pgsm_caller;
revoke execute on function pgsm_engine.call_user (text, jsonb, text) from public;
grant execute on function pgsm_engine.call_user (text, jsonb, text) to pgsm_owner;

comment on function pgsm_engine.call_user (text, jsonb, text) is $comment$
    Run a SQL function that a machine names, as pgsm_caller, with JSON arguments.

    Returns its result as jsonb; void and null as JSON null, a timestamptz in UTC.  With null for
    arguments it returns the function's oid, or null when there is none.
$comment$;

commit;
