-- Revert pgsm:functions/set_upgrade_policy from pg

begin;

drop function pgsm.set_upgrade_policy;

commit;
