#!/usr/bin/env bash
# Makes the Python environment with the frameworks that bench.sh --peers measures beside xgrad, outside the repository:
# in $XGRAD_PEERS, by default in the user's cache. One that is complete is left as it is.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
dir=${XGRAD_PEERS:-$user_cache/xgrad-peers}

missing_modules() {
  "$dir/bin/python" - <<'END'
import importlib.util
wanted = ["torch", "jax", "tensorflow", "keras", "shap", "captum", "sklearn", "matplotlib"]
print(*[name for name in wanted if importlib.util.find_spec(name) is None])
END
}

if [ ! -x "$dir/bin/python" ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_missing python3-venv
  # torch.compile compiles against Python's headers.
  python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
    install_missing python3-dev
  python3 -m venv "$dir"
fi
if [ -z "$(missing_modules)" ]; then
  echo "The peers' environment is complete: $dir"
  exit 0
fi

pip=("$dir/bin/pip" install --quiet --no-input --disable-pip-version-check)
failed=()
install() { "${pip[@]}" "$@" || failed+=("$*"); }

install numpy scikit-learn shap jax
if PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep 'libcudart\.so\.13' >/dev/null; then
  # torch is built for CUDA. Where CUDA's own libraries are on the machine, only those around it are fetched.
  for package in torch nvidia-cufile nvidia-cusparselt-cu13 nvidia-nvshmem-cu13 nvidia-nccl-cu13 nvidia-cudnn-cu13; do
    install --no-deps "$package"
  done
  install filelock typing-extensions sympy networkx jinja2 fsspec setuptools
else
  install torch
fi
install --no-deps captum
install tqdm packaging matplotlib
install tensorflow-cpu keras

missing=$(missing_modules)
if [ ${#failed[@]} -gt 0 ] || [ -n "$missing" ]; then
  printf 'Could not be installed: %s\n' "${failed[*]:-} ${missing}" >&2
  exit 1
fi
echo "The peers' environment is complete: $dir"
