-- Revert pgsm:functions/make_log_partitions from pg

begin;

drop function pgsm.make_log_partitions;

commit;
