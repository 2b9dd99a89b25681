-- Verify pgsm:functions/set_retention on pg

select 'pgsm_private.check_retention'::regproc;
select 'pgsm.set_retention'::regproc;
select 'pgsm.reset_retention'::regproc;
