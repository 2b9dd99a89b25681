-- Revert pgsm:functions/drop_log_partition from pg

begin;

drop function pgsm.drop_log_partition;

commit;
