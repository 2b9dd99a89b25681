-- Revert food_delivery:order_v2 from pg
--
-- New orders start with version 1 again.  Orders that run on version 2 would stay
-- there without the context function's help, so there may be none.

begin;

select 1 / (count(*) = 0)::integer as no_order_is_running_on_version_2
from pgsm.instances
where machine = 'order' and version = 2 and status in ('active', 'paused');

select pgsm.set_current_version('order', 1);
drop function food.order_1_to_2 (text, jsonb, text[], text[]);

commit;
