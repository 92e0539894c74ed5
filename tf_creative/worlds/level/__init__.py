"""Walking through levels by MiniGrid's rules."""
