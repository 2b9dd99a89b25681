-- Verify pgsm:tables/definitions on pg

select 1 from pgsm_private.states where false;
select 1 from pgsm_private.transitions where false;
select 1 from pgsm_private.actions where false;
select 1 from pgsm_private.invocations where false;
select 1 from pgsm_private.implementations where false;
