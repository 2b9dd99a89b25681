-- Revert pgsm:schemas/extensions from pg
--
-- The language may serve others: it stays.

select 1;
