-- Verify food_delivery:functions on pg

begin;

select has_function_privilege('pgsm_client', 'food.open_cart(text, text, text, text, jsonb, numeric)', 'execute');

-- every other function may be executed by the machine, and none by everybody
select 1 / (count(*) = 9)::integer
from pg_proc as p
where p.pronamespace = 'food'::regnamespace
    and p.proname in (
        'restaurant_email', 'has_relationship', 'delivers_itself', 'free_couriers',
        'set_order_status', 'accept_order', 'record_purchase', 'assign_courier',
        'release_courier'
    )
    and has_function_privilege('pgsm_caller', p.oid, 'execute')
    and not has_function_privilege('pgsm_viewer', p.oid, 'execute');

rollback;
