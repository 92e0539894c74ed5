"""Versions of SavedModels: their signatures, checks and files."""
