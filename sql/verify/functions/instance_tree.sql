-- Verify pgsm:functions/instance_tree on pg

select 'pgsm.instance_tree'::regproc;
