"""Two systems built on pgsm: food delivery (reactive) and onboarding (proactive)."""
