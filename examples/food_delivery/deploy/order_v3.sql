-- Deploy food_delivery:order_v3 to pg
-- requires: order_v2
--
-- What a courier does has moved below "byCourier"; where delivery has begun, a courier
-- goes on with it.

begin;

create function food.order_2_to_3 (
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
    select order_2_to_3.context || jsonb_build_object(
        'address', o.address,
        'deliversItself', r.delivers_itself
    )
    from food.orders as o
    join food.restaurants as r using (restaurant_id)
    where o.order_id = order_2_to_3.order_id
$$;

create function food.order_1_to_3 (
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
    select food.order_2_to_3(
        order_1_to_3.order_id,
        food.order_1_to_2(order_1_to_3.order_id, order_1_to_3.context,
            order_1_to_3.old_states, order_1_to_3.new_states),
        order_1_to_3.old_states,
        order_1_to_3.new_states
    )
$$;

revoke execute on function food.order_2_to_3, food.order_1_to_3 from public;
grant execute on function food.order_2_to_3, food.order_1_to_3 to pgsm_caller;

\set definition `cat order.v3.json`
select pgsm.define_machine('order', :'definition', 3);

\set states '{"fulfilling.delivery.waiting": "fulfilling.delivery.byCourier.waiting", "fulfilling.delivery.requesting": "fulfilling.delivery.byCourier.requesting", "fulfilling.delivery.assigned": "fulfilling.delivery.byCourier.assigned", "fulfilling.delivery.carrying": "fulfilling.delivery.byCourier.carrying"}'

select pgsm.define_upgrade('order', 2, 3, states => :'states',
    context => 'food.order_2_to_3(text, jsonb, text[], text[])');
select pgsm.define_upgrade('order', 1, 3, states => :'states',
    context => 'food.order_1_to_3(text, jsonb, text[], text[])');

commit;
