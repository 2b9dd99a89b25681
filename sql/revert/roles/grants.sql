-- Revert pgsm:roles/grants from pg
--
-- The grants go with the objects.

select 1;
