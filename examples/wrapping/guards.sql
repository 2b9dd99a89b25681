create function shop.has_items (instance text) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select o.items > 0 from shop.orders as o
    where 'order-' || o.order_id = has_items.instance
$$;

create function shop.courier_is_free (courier text) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select from shop.orders as o
        where o.courier = courier_is_free.courier and o.status = 'accepted'
    )
$$;

revoke execute on function shop.has_items, shop.courier_is_free from public;
grant execute on function shop.has_items, shop.courier_is_free to pgsm_caller;
