-- Verify food_delivery:order_v3 on pg

begin;

select 1 / count(*) from pgsm.machine_versions where machine = 'order' and version = 3;

-- the same document gives the same version; another one is refused
\set definition `cat order.v3.json`
select 1 / (pgsm.define_machine('order', :'definition', 3, make_current => false) = 3)::integer;

select 1 / (count(*) = 2)::integer from pgsm.upgrades
where machine = 'order' and from_version in (1, 2) and to_version = 3;

rollback;
