-- Verify pgsm:functions/make_log_partitions on pg

select 'pgsm.make_log_partitions'::regproc;
