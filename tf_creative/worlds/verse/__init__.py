"""The world of verse: the hand writes a line word by word."""
