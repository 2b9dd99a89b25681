-- Revert pgsm:functions/cron_statements from pg

begin;

drop function pgsm.cron_statements;

commit;
