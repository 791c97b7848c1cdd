#!/usr/bin/env bash
# Measures xgrad and prints one table of ratios; out/benchmarks/ has it as Markdown and as a picture as well.
#   --peers  measures libtorch, PyTorch, JAX, Keras, shap and captum too (scripts/peers.sh installs them)
#   --quick  few and short repetitions: tells that everything works, not how fast it is
#   --keep   puts the table and the picture into benchmarks/ at the end
usage() { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
peers='' quick=() keep=''
for argument in "$@"; do
  case $argument in
    --peers) peers=1 ;;
    --quick) quick=(--quick) ;;
    --keep) keep=1 ;;
    *) usage ;;
  esac
done

source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" libbenchmark-dev
export XGRAD_BUILD=${XGRAD_BUILD:-build-bench}
export XGRAD_PEERS=${XGRAD_PEERS:-$user_cache/xgrad-peers}

out=out/benchmarks
results=$out/results.jsonl log=$out/log
mkdir -p "$out"
rm -f "$results" "$log"
touch "$results"
left_out() { printf '{"suite": "%s", "contender": "%s", "left_out": "%s"}\n' "$@" >>"$results"; }

cmake_options=(-DXGRAD_BENCHMARKS=ON -DXGRAD_TESTS=OFF -DXGRAD_EXAMPLES=OFF -DXGRAD_BENCHMARK_TORCH=OFF)
build xgrad-bench >&2
if [ -n "$peers" ]; then
  scripts/peers.sh >&2 || echo 'The peers that are there are measured, the others named as left out.' >&2
  cmake_options+=(-DXGRAD_BENCHMARK_TORCH=ON -DXGRAD_PEERS="$XGRAD_PEERS")
  libtorch=1
  build xgrad-bench-step-libtorch >>"$log" 2>&1 || libtorch=''
fi

# The same for every contender: one core, one thread, and the kernels that each chooses for this processor.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 XGRAD_NUM_THREADS=1
export XLA_FLAGS='--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1'
export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
export CUDA_VISIBLE_DEVICES='' JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 PYTHONDONTWRITEBYTECODE=1
core=${XGRAD_BENCH_CORE:-$(taskset -pc $$ | sed 's/.*[ ,-]//')}
pinned() { taskset -c "$core" "$@"; }

measure() {
  local name
  for name in "$@"; do
    echo "measuring $name" >&2
    pinned "$XGRAD_BUILD/benchmarks/xgrad-bench-$name" --json "$results" "${quick[@]}" >>"$log" 2>&1 ||
      left_out "${name%-libtorch}" "$name" "failed, see $log"
  done
}
measure_peer() {  # script, suites, contenders, as the table names them if it dies
  echo "measuring $3" >&2
  pinned "$python" "benchmarks/peers/$1" "${quick[@]}" >>"$results" 2>>"$log" || left_out "$2" "$3" "failed, see $log"
}

measure step fit derivatives checkpoints explain memory ops reduce matmul growth compile_time
if [ -n "$peers" ]; then
  python=$XGRAD_PEERS/bin/python
  [ -x "$python" ] || python=python3
  if [ -n "$libtorch" ]; then
    measure step-libtorch
  else
    left_out step libtorch 'neither libtorch-dev nor a torch in the environment of the peers could be built against'
  fi
  measure_peer pytorch.py 'step, fit' PyTorch
  measure_peer jax_jit.py step JAX
  measure_peer derivatives_pytorch.py derivatives PyTorch
  measure_peer derivatives_jax.py derivatives JAX
  KERAS_BACKEND=jax measure_peer keras_fit.py 'step, fit' 'Keras on JAX'
  KERAS_BACKEND=tensorflow measure_peer keras_fit.py 'step, fit' 'Keras on TensorFlow'
  measure_peer shap_values.py explain shap
  measure_peer captum_attributions.py explain captum
  # Once more after the others: what the machine did meanwhile must not decide.
  measure step fit derivatives explain
else
  left_out 'step, fit, derivatives, explain' 'libtorch, PyTorch, JAX, Keras, shap, captum' 'run scripts/bench.sh --peers'
fi

"$XGRAD_BUILD/benchmarks/xgrad-bench-report" "$results" "$out"
if [ -n "$keep" ]; then cp "$out/RESULTS.md" "$out/results.svg" benchmarks/; fi
