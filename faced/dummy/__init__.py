"""Staff who do not exist: heads, ID photos, webcam clips and attacks, all rendered from a seed."""
