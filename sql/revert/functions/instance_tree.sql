-- Revert pgsm:functions/instance_tree from pg

begin;

drop function pgsm.instance_tree;

commit;
