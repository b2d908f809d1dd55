#!/bin/bash
# One batch in N processes by GNU parallel, without a database: each process runs one part of it.
#
#   examples/batch/gnu-parallel.sh photos wide 8 --aspect 16:9
#
# On many machines, give parallel their names; IN and OUT lie on a file system that all of them have:
#
#   PARALLEL="--sshlogin 1/node1,1/node2 --env VOLCV_BASE_URL --env VOLCV_API_KEY --workdir ." examples/batch/gnu-parallel.sh …
#
# Start the same line again to go on after a failure. VOLCV_BASE_URL and VOLCV_API_KEY come from the environment.
set -euo pipefail

if [ $# -lt 3 ]; then
    echo "usage: $0 IN OUT PARTS [flags of volcv batch]" >&2
    exit 2
fi
in=$1 out=$2 parts=$3
shift 3

# A part that fails leaves the others alone; the exit code is the number of parts that have something left to look at.
# Ctrl-C lets each part finish what is paid for, for five minutes.
seq 0 $((parts - 1)) | parallel --jobs "$parts" --line-buffer --tag --halt never --termseq TERM,300000,KILL,25 --quote \
    volcv batch "$in" -o "$out" --shard "{}/$parts" --report "$out/report-{}-of-$parts.jsonl" "$@"
