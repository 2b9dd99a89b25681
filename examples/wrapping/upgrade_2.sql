-- The states are the same: nothing need be declared.
call pgsm.upgrade_instances('order', 2);
