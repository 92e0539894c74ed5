"""Serving what has been learnt: SavedModel versions, and a small server for them."""
