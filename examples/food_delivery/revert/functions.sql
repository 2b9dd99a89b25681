-- Revert food_delivery:functions from pg

begin;

drop function food.open_cart (text, text, text, text, jsonb, numeric);
drop function food.restaurant_email (text);
drop function food.has_relationship (text);
drop function food.delivers_itself (text);
drop function food.free_couriers (text[]);
drop function food.set_order_status (text, text);
drop function food.accept_order (text, numeric);
drop function food.record_purchase (text, numeric);
drop function food.assign_courier (text, text);
drop function food.release_courier (text);

commit;
