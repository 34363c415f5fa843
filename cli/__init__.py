"""facectl, the administrators' and auditors' command: one module per noun."""
