"""What pgsm is measured beside: each program in an environment of its own."""
