-- Verify pgsm:functions/define_machine on pg

select 'pgsm.define_machine'::regproc;
