"""The joiner: a learner built from its config, the loop that trains it, and what it makes."""
