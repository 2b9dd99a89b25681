-- What the machine's owner and pgsm_caller may do of the shop's.
grant usage on schema shop to pgsm_caller;

-- Each order that is not over gets its instance, in the state in which it is.
select count(*)
from shop.orders as o
cross join lateral pgsm.start_instance(
    'order', 'order-' || o.order_id,
    jsonb_build_object('status', case when o.courier is null then o.status else 'assigned' end),
    if_exists => 'return'
)
where o.status in ('offered', 'accepted');
