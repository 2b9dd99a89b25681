-- Verify pgsm:functions/drop_log_partition on pg

select 'pgsm.drop_log_partition'::regproc;
