"""From an image to 68 landmark points and their quality. Knows nothing of people."""
