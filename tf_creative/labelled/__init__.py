"""Small labelled sets: their traps, and what imagined examples are worth to a classifier."""
