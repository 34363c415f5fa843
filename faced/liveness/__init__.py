"""From points over time to live or not live. Pure NumPy: no image, no file, no people; only numbers come in.

Matching cannot tell a face from its picture, so a person is asked to do something that a picture cannot do, and is
watched while doing it. Every test must be passed by itself and nothing is averaged; jitter is never taken for life.
"""
