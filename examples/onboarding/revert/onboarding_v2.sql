-- Revert onboarding:onboarding_v2 from pg

begin;

select 1 / (count(*) = 0)::integer as nobody_is_onboarded_by_version_2
from pgsm.instances
where machine = 'onboarding' and version = 2 and status in ('active', 'paused');

select pgsm.set_current_version('onboarding', 1);
drop function crm.onboarding_1_to_2 (text, jsonb, text[], text[]);

commit;
