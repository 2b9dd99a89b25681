-- Revert food_delivery:order_v3 from pg

begin;

select 1 / (count(*) = 0)::integer as no_order_is_running_on_version_3
from pgsm.instances
where machine = 'order' and version = 3 and status in ('active', 'paused');

select pgsm.set_current_version('order', 2);
drop function food.order_1_to_3 (text, jsonb, text[], text[]);
drop function food.order_2_to_3 (text, jsonb, text[], text[]);

commit;
