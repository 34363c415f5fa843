"""From a photo or a camera session to a signed, sealed template in the directory."""
