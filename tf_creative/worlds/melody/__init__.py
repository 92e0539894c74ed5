"""Melodies, class by class."""
