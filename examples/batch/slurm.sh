#!/bin/bash
# One batch on many nodes of a Slurm cluster, without a database: each task of the array runs one part of it.
#
#   sbatch --array=0-19 --export=ALL,IN=photos,OUT=wide examples/batch/slurm.sh --aspect 16:9
#
# IN and OUT lie on a file system that all nodes have. VOLCV_BASE_URL and VOLCV_API_KEY come from your environment.
# A part has a ledger of its own, OUT/.volcv-I-of-N.sqlite, which only its own task opens. Hand in the same array again to go on
# after a failure; another number of tasks would be other parts, with ledgers that know nothing of the first ones.
#SBATCH --job-name=volcv
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=12:00:00
#SBATCH --requeue
# Two minutes before its time is over, volcv is told to finish what is paid for.
#SBATCH --signal=B:TERM@120
set -euo pipefail

: "${IN:?the folder, pattern or manifest of the pictures}" "${OUT:?the folder for the results}"
: "${SLURM_ARRAY_TASK_ID:?start this with sbatch --array=0-19}"

part=$((SLURM_ARRAY_TASK_ID - ${SLURM_ARRAY_TASK_MIN:-0}))
parts=${SLURM_ARRAY_TASK_COUNT:?}

# exec: the signal reaches volcv and not a shell that waits for it.
exec volcv batch "$IN" -o "$OUT" --shard "$part/$parts" --report "$OUT/report-$part-of-$parts.jsonl" "$@"
