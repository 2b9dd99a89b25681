-- Verify food_delivery:schema on pg

begin;

select restaurant_id, email, has_relationship, delivers_itself from food.restaurants where false;
select order_id, restaurant_id, status, eta, paid, changed_at from food.orders where false;
select courier_id, email, order_id from food.couriers where false;

-- user SQL writes through the functions alone
select 1 / (not has_table_privilege('pgsm_caller', 'food.orders', 'update'))::integer;

rollback;
