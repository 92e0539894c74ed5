"""The world of airfoils: the hand changes a shape, stroke by stroke, until it meets a brief."""
