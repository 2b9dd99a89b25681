-- Verify pgsm:types/upgrade_preview on pg

select 'pgsm.upgrade_preview'::regtype;
