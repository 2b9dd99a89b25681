-- Revert onboarding:schema from pg

begin;

drop schema crm cascade;

commit;
