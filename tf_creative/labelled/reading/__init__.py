"""Reads labelled sets, groups their near copies, and looks for traps in them."""
