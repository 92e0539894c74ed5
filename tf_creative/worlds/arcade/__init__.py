"""Arcade games, by packages that the user installs."""
