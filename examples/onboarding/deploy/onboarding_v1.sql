-- Deploy onboarding:onboarding_v1 to pg
-- requires: schema
--
-- sqitch hashes this script and not the document that it reads: a document that was
-- edited after it was deployed is found by the verify script.

begin;

\set definition `cat onboarding.v1.json`
select pgsm.define_machine('onboarding', :'definition', 1);

commit;
