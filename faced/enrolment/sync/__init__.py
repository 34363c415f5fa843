"""The directory follows the personnel section: where the staff come from, and who of them may be enrolled."""
