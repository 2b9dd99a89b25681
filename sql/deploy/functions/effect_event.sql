-- Deploy pgsm:functions/effect_event to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_event (
    effect  pgsm_private.effects,
    type    text,
    result  jsonb
)
  returns jsonb
  language sql
  stable
begin atomic
    select pg_catalog.jsonb_build_object(
        'type', effect_event.type,
        'data', '{}'::jsonb,
        'source', pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
            'effect', (effect_event.effect).effect_id,
            'invoke', (effect_event.effect).invoke_id,
            'item', (effect_event.effect).item,
            'state', (effect_event.effect).state,
            'name', (effect_event.effect).name
        ))
    ) || effect_event.result;
end;

comment on function pgsm_private.effect_event (pgsm_private.effects, text, jsonb) is $comment$
    The event by which an effect's outcome comes to its machine; result is
    {"output": …} or {"error": …}.
$comment$;

commit;
