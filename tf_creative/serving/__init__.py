"""Serves learnt models: writes versions of SavedModels, and runs a small server for them."""
