-- Deploy pgsm:functions/rename_event to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.rename_event (event jsonb, effect pgsm_private.effects)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_old  text := (rename_event.effect).invoke_id;
    v_new  text;
begin
    select e.invoke_id into v_new
    from pgsm_private.effects as e
    where e.instance_id = (rename_event.effect).instance_id
        and e.effect_id = (rename_event.effect).effect_id;
    if v_new is not distinct from v_old then
        return rename_event.event;
    end if;
    return jsonb_set(
        rename_event.event || jsonb_build_object('type', regexp_replace(
            rename_event.event ->> 'type', '^((done|error)[.]invoke|late)[.].*', '\1.') || v_new),
        '{source,invoke}', to_jsonb(v_new)
    );
end;
$$;

comment on function pgsm_private.rename_event (jsonb, pgsm_private.effects) is
    'The event of an effect under the id that its invocation has now: an upgrade may have changed it.';

commit;
