#!/usr/bin/env bash
# All figures that faced states about itself, one benchmark after the other. DATA names a folder with landmark files
# (evaluation data is never part of this repository); without it the recognition figures are left out.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
"$python" -m tools.bench_dummy_detection
"$python" -m tools.bench_landmarks
if [ -n "${DATA:-}" ]; then
    "$python" -m tools.benchmark_recognition --data "$DATA/landmarks_wild.npz" --cross-validate
    "$python" -m tools.benchmark_recognition --data "$DATA/landmarks_controlled.npz" --one-site
    "$python" -m tools.benchmark_attempts --data "$DATA/landmarks_controlled.npz"
    "$python" -m tools.estimate_rollout --data "$DATA/landmarks_wild.npz"
    "$python" -m tools.derive_gates --data "$DATA/landmarks_wild.npz"
    for file in "$DATA"/*.npz; do
        echo "$file"
        "$python" -m tools.benchmark_recognition --data "$file"
    done
else
    echo "Recognition: left out; give DATA=FOLDER with landmark files (.npz)."
fi
"$python" -m tools.bench_coverings
"$python" -m tools.benchmark_staff
"$python" -m tools.bench_attempt
"$python" -m tools.bench_trust
"$python" -m tools.bench_sync
