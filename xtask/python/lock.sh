#!/usr/bin/env bash
# Makes the lock files anew from the lists of packages; needs `uv`. The versions are the newest that the lists allow.
set -euo pipefail
cd "$(dirname "$0")"

lock() {
    local name=$1 python=$2
    shift 2
    uv pip compile "$name.in" --output-file "$name.lock" --python-version "$python" --universal \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet "$@"
}

# The number is the oldest Python that the file serves.
lock notebooks 3.10 --only-binary :all:
lock tests 3.10 --only-binary :all:
lock tests-source 3.10 --no-deps
lock libtorch 3.10 --no-deps --only-binary :all:
lock records 3.10 --no-deps --only-binary :all:
lock bench 3.11 --only-binary :all:
lock pyocto 3.11 --only-binary :all:
