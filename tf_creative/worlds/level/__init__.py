"""The world of levels: the hand walks through mazes by MiniGrid's rules."""
