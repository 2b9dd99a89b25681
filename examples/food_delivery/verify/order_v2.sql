-- Verify food_delivery:order_v2 on pg

begin;

select 1 / count(*) from pgsm.machine_versions where machine = 'order' and version = 2;

-- the same document gives the same version; another one is refused
\set definition `cat order.v2.json`
select 1 / (pgsm.define_machine('order', :'definition', 2, make_current => false) = 2)::integer;

select 1 / count(*) from pgsm.upgrades
where machine = 'order' and from_version = 1 and to_version = 2;

rollback;
