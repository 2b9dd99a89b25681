-- Revert onboarding:onboarding_v1 from pg
--
-- The version stays: it is immutable, and the log of ended instances refers to it.

begin;

select 1 / (count(*) = 0)::integer as nobody_is_being_onboarded
from pgsm.instances
where machine = 'onboarding' and status in ('active', 'paused');

commit;
