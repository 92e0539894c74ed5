"""The world of pixel art: the hand paints on a small canvas, stroke by stroke."""
