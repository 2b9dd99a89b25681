-- Verify pgsm:functions/make_log_partitions on pg

select 'pgsm_private.make_log_partition'::regproc;
select 'pgsm.make_log_partitions'::regproc;
