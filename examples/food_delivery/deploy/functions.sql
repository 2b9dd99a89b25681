-- Deploy food_delivery:functions to pg
-- requires: schema
--
-- What the machine calls runs as pgsm_caller.  These functions are all that it may
-- do here: they are security definer, and the tables are not granted to it.

begin;

-- What the client calls

create function food.open_cart (
    order_id       text,
    restaurant_id  text,
    customer       text,
    address        text,
    items          jsonb,
    patience       numeric default 600
)
  returns pgsm.snapshot
  language sql
  set search_path = pg_catalog, pg_temp
as $$
    insert into food.orders (order_id, restaurant_id, customer, address, items)
    values (open_cart.order_id, open_cart.restaurant_id, open_cart.customer,
        open_cart.address, open_cart.items);

    select * from pgsm.start_instance('order', open_cart.order_id, jsonb_build_object(
        'restaurant', open_cart.restaurant_id,
        'customer', open_cart.customer,
        'address', open_cart.address,
        'items', open_cart.items,
        'patience', open_cart.patience
    ));
$$;

comment on function food.open_cart (text, text, text, text, jsonb, numeric) is
    'An order''s row and its machine, in one transaction.  patience: seconds in which the restaurant answers.';

-- What guards and values read

create function food.restaurant_email (restaurant_id text)
  returns text
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select r.email from food.restaurants as r
    where r.restaurant_id = restaurant_email.restaurant_id
$$;

create function food.has_relationship (restaurant_id text)
  returns boolean
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select r.has_relationship from food.restaurants as r
    where r.restaurant_id = has_relationship.restaurant_id
$$;

create function food.delivers_itself (restaurant_id text)
  returns boolean
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select r.delivers_itself from food.restaurants as r
    where r.restaurant_id = delivers_itself.restaurant_id
$$;

create function food.free_couriers (except_for text[])
  returns text[]
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(c.email order by c.courier_id), '{}')
    from food.couriers as c
    where c.order_id is null and c.courier_id <> all (free_couriers.except_for)
$$;

-- What actions do, in the transaction of the transition

create function food.set_order_status (order_id text, status text)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    update food.orders as o
    set status = set_order_status.status, changed_at = clock_timestamp()
    where o.order_id = set_order_status.order_id
$$;

create function food.accept_order (order_id text, eta numeric)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    update food.orders as o
    set status = 'accepted', eta = accept_order.eta, changed_at = clock_timestamp()
    where o.order_id = accept_order.order_id
$$;

create function food.record_purchase (order_id text, paid numeric)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    update food.orders as o
    set paid = record_purchase.paid, changed_at = clock_timestamp()
    where o.order_id = record_purchase.order_id
$$;

create function food.assign_courier (order_id text, courier_id text)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
    update food.couriers as c
    set order_id = assign_courier.order_id
    where c.courier_id = assign_courier.courier_id and c.order_id is null;
    if not found then
        raise exception 'courier "%" is busy or unknown', assign_courier.courier_id;
    end if;
end;
$$;

comment on function food.assign_courier (text, text) is
    'Make a free courier busy.  It raises for another one: then the event is refused and nothing has changed.';

create function food.release_courier (order_id text)
  returns void
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    update food.couriers as c
    set order_id = null
    where c.order_id = release_courier.order_id
$$;

revoke execute on all functions in schema food from public;
grant execute on all functions in schema food to pgsm_caller;
revoke execute on function food.open_cart from pgsm_caller;
grant execute on function food.open_cart to pgsm_client;

commit;
