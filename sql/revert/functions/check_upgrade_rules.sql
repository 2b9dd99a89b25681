-- Revert pgsm:functions/check_upgrade_rules from pg

begin;

drop function pgsm_private.check_upgrade_rules;

commit;
