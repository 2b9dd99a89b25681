-- Verify food_delivery:order_v1 on pg

begin;

select 1 / count(*) from pgsm.machine_versions where machine = 'order' and version = 1;

-- the same document gives the same version; another one is refused
\set definition `cat order.v1.json`
select 1 / (pgsm.define_machine('order', :'definition', 1, make_current => false) = 1)::integer;

rollback;
