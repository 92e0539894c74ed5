"""Versions of SavedModels: signatures, checks and files."""
