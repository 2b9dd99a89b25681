-- Revert food_delivery:schema from pg

begin;

drop schema food cascade;

commit;
