-- Deploy food_delivery:order_v1 to pg
-- requires: functions
--
-- sqitch hashes this script and not the document that it reads: a document that was
-- edited after it was deployed is found by the verify script.

begin;

\set definition `cat order.v1.json`
select pgsm.define_machine('order', :'definition', 1);

commit;
