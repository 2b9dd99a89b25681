-- Revert pgsm:functions/make_log_partitions from pg

begin;

drop function pgsm.make_log_partitions;
drop function pgsm_private.make_log_partition;

commit;
