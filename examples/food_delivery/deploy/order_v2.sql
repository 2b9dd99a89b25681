-- Deploy food_delivery:order_v2 to pg
-- requires: order_v1
--
-- Every state of version 1 is in version 2: only the context needs a word.

begin;

create function food.order_1_to_2 (
    order_id    text,
    context     jsonb,
    old_states  text[],
    new_states  text[]
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    -- an order that a restaurant has already seen is dealt with as with a partner's
    select order_1_to_2.context || jsonb_build_object(
        'hasRelationship', r.has_relationship or order_1_to_2.old_states <> '{cart}'
    )
    from food.restaurants as r
    where r.restaurant_id = order_1_to_2.context ->> 'restaurant'
$$;

revoke execute on function food.order_1_to_2 from public;
grant execute on function food.order_1_to_2 to pgsm_caller;

\set definition `cat order.v2.json`
select pgsm.define_machine('order', :'definition', 2);

select pgsm.define_upgrade('order', 1, 2,
    context => 'food.order_1_to_2(text, jsonb, text[], text[])');

commit;
