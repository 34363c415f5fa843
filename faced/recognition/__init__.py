"""From landmark points to a score and a decision. Pure NumPy: no image, no file but the shipped metric, no people."""
