"""Rows of towers: what a plugin of tf_creative may bring."""
