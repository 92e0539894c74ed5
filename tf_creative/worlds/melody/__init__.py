"""The world of melodies: the hand writes one class (note, hold or rest) per step."""
