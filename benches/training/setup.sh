#!/bin/sh
# Makes the Python environment that this bench compares with, in `.venv` beside this file.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install numpy==2.4.6 jax==0.10.2 torch==2.15.0
