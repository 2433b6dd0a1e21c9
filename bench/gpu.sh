#!/usr/bin/env bash
# Measures the library on the graphics card of this computer in under ten minutes: the parity tests, large products compared with
# the peak of float32, and layers compared with PyTorch on the same card, if there is a PyTorch with CUDA.
#
#   npm run bench:gpu-prepare                       first, on a computer with all packages; writes dist/gpu
#   bash bench/gpu.sh [--output FOLDER] [--peak TFLOPS] [--small] [--software] [--only STEP]
#
# This script needs Node, the package webgpu in node_modules, dist/gpu, a Vulkan driver and its loader (VK_DRIVER_FILES or
# VK_ICD_FILENAMES if they are not in the usual places), but neither a browser nor a network. It writes FOLDER/gpu-<adapter>.json
# and .md; FOLDER is bench/results by default. On a software adapter the runs are small, and the files are called
# software-<adapter>.
#   --peak      peak of float32 without tensor cores, in TFLOP/s, for cards that are missing from bench/gpu/peaks.ts
#   --software  uses the software driver of a browser on this computer, to try this script out
#   --only      one of parity, products, layers, pytorch; the report includes the last results of the other steps
set -uo pipefail
cd "$(dirname "$0")/.."

built=dist/gpu work=dist/gpu/work
output=bench/results peak='' small='' software='' only=''
while [ $# -gt 0 ]; do
  case $1 in
    --output) output=${2:?--output: a folder must follow}; shift 2 ;;
    --peak) peak=${2:?--peak: a number must follow}; shift 2 ;;
    --small) small=--small; shift ;;
    --software) software=yes; shift ;;
    --only) only=${2:?--only: a step must follow}; shift 2 ;;
    *) echo "$1: it must be --output, --peak, --small, --software or --only" >&2; exit 2 ;;
  esac
done
case $peak in *[!0-9.]*) echo "--peak: it is $peak; it must be a number, of TFLOP/s" >&2; exit 2 ;; esac
case $only in '' | parity | products | layers | pytorch) ;; *) echo "--only: it is $only; it must be one of parity, products, layers, pytorch" >&2; exit 2 ;; esac
[ -f "$built/parity.js" ] || { echo "there is no $built/parity.js: run npm run bench:gpu-prepare first" >&2; exit 2; }
[ -z "$software" ] || eval "$(node "$built/adapter.js" --exports)"

# Seconds for all steps together; each step has a limit of its own too, and the report gets the rest.
total=570
started=$SECONDS
failed=0

# step NAME LIMIT COMMAND…: runs a step, and stops it when its time is up.
step() {
  local name=$1 limit=$2 left=$((total - 15 - (SECONDS - started))) begun=$SECONDS code
  shift 2
  if [ -n "$only" ] && [ "$name" != "$only" ] && [ "$name" != adapter ]; then return 0; fi
  if [ "$left" -lt "$limit" ]; then limit=$left; fi
  echo "── $name, at most $limit s"
  if [ "$limit" -le 0 ]; then code=124; else timeout -k 5 "$limit" "$@"; code=$?; fi
  if [ "$code" -ne 0 ]; then failed=1; echo "$name ended with exit code $code"; fi
  echo "{\"step\": \"$name\", \"code\": $code, \"seconds\": $((SECONDS - begun))}" >> "$work/steps.jsonl"
  return "$code"
}

[ -n "$only" ] || rm -rf "$work"
mkdir -p "$work"
# Removes the old results of steps that run again.
touch "$work/steps.jsonl"
sed -i "/\"step\": \"\(adapter\|$only\)\"/d" "$work/steps.jsonl"
step adapter 60 node "$built/adapter.js" $small || { echo 'there is no adapter: nothing is measured' >&2; exit 3; }
[ -n "$only" ] && [ "$only" != parity ] || rm -f "$work/parity.jsonl"
step parity 210 node "$built/parity.js" "$work/parity.jsonl"
step products 80 node "$built/products.js"
step layers 110 node "$built/layers.js"
step pytorch 120 node "$built/pytorch.js"
timeout -k 5 30 node "$built/report.js" --output "$output" ${peak:+--peak "$peak"} || failed=1
echo "took $((SECONDS - started)) s"
exit "$failed"
