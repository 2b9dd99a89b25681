-- The data moves: from the table's columns into the context of each order.
create function shop.order_2_to_3 (
    instance text, context jsonb, old_states text[], new_states text[]
) returns jsonb
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'offered_at', o.offered_at, 'courier', o.courier, 'eta', o.eta
    )
    from shop.orders as o
    where 'order-' || o.order_id = order_2_to_3.instance
$$;

revoke execute on function shop.order_2_to_3 from public;
grant execute on function shop.order_2_to_3 to pgsm_caller;

select pgsm.define_upgrade('order', 2, 3,
    states => '{"entering": "offered"}',
    context => 'shop.order_2_to_3(text, jsonb, text[], text[])');
call pgsm.upgrade_instances('order', 3);

create or replace function shop.courier_is_free (courier text) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select from pgsm.find_instances('order', 'courier', courier_is_free.courier, 'active')
    )
$$;

alter table shop.orders drop column status, drop column courier, drop column eta;
