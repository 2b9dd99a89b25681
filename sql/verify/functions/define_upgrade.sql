-- Verify pgsm:functions/define_upgrade on pg

select 'pgsm.define_upgrade'::regproc;
