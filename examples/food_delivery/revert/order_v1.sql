-- Revert food_delivery:order_v1 from pg
--
-- The version stays: it is immutable, and the log of ended orders refers to it.

begin;

select 1 / (count(*) = 0)::integer as no_order_is_running
from pgsm.instances
where machine = 'order' and status in ('active', 'paused');

commit;
