#!/usr/bin/env bash
# Serves an exported model with TensorFlow Serving: a tensorflow_model_server on the PATH, or else a
# container.
#
#   export/serve.sh EXPORT_DIR [MODELS_CONFIG]
#
# EXPORT_DIR holds the versions, as exports/poetry does; its last part is the model's name, and its
# newest version is served. With MODELS_CONFIG that file says which versions and labels instead, and
# is read again every 10 seconds; a container sees the directory above EXPORT_DIR as /models. A server
# can die of a hostile request: serving.service starts it again. gRPC is for trusted callers; a
# container's is reached from this machine alone, and a server on the PATH listens on all addresses.
# Environment: GRPC_PORT (8500), REST_PORT (8501), IMAGE (tensorflow/serving:2.20.0), and MEMORY, the
# limit of a container (2g).
set -euo pipefail

fail() { echo "error: $*" >&2; exit 1; }

[[ $# == 1 || $# == 2 ]] || fail "arguments must be EXPORT_DIR [MODELS_CONFIG]. Received: $# arguments"
compgen -G "$1/[0-9]*/saved_model.pb" > /dev/null || fail "EXPORT_DIR must hold a version of a model, such as 1/saved_model.pb. Received: $1"
[[ $# == 1 || -f $2 ]] || fail "MODELS_CONFIG must be a file. Received: $2"
export_dir=$(cd "$1" && pwd)
name=$(basename "$export_dir")
settings=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
models_config=${2:+$(realpath "$2")}
grpc_port=${GRPC_PORT:-8500}
rest_port=${REST_PORT:-8501}

# Sets `flags` for a server: its ports, and where it finds the settings, the models and the file that names models.
set_flags() {
  # grpc_max_threads: the server's own limit, 4 threads a core, refuses the 16th caller at a time on a
  # small machine. Load retries: the versions after a broken one wait 15 s, not 5 minutes.
  flags=(--port="$1" --rest_api_port="$2" --grpc_max_threads=64 --enable_batching=true
         --batching_parameters_file="$3/batching.config" --monitoring_config_file="$3/monitoring.config"
         --max_num_load_retries=3 --load_retry_interval_micros=5000000 --enable_profiler=false)
  if [[ -n $models_config ]]; then
    # Labels are assigned before models load: without the last flag the server does not start.
    flags+=(--model_config_file="$5" --model_config_file_poll_wait_seconds=10
            --allow_version_labels_for_unavailable_models=true)
  else
    flags+=(--model_name="$name" --model_base_path="$4/$name")
  fi
}

if command -v tensorflow_model_server > /dev/null; then
  set_flags "$grpc_port" "$rest_port" "$settings" "$(dirname "$export_dir")" "$models_config"
  exec tensorflow_model_server "${flags[@]}"
fi

for engine in docker podman; do
  if command -v "$engine" > /dev/null && "$engine" info > /dev/null 2>&1; then
    volumes=(-v "$(dirname "$export_dir"):/models:ro" -v "$settings:/settings:ro")
    # Its directory, not the file itself: an editor that replaces the file would leave the container with the old one.
    [[ -z $models_config ]] || volumes+=(-v "$(dirname "$models_config"):/config:ro")
    set_flags 8500 8501 /settings /models "/config/$(basename "$models_config")"
    exec "$engine" run --rm --memory="${MEMORY:-2g}" -p "127.0.0.1:$grpc_port:8500" -p "$rest_port:8501" \
      "${volumes[@]}" --entrypoint tensorflow_model_server "${IMAGE:-tensorflow/serving:2.20.0}" "${flags[@]}"
  fi
done

fail "a server must be there: tensorflow_model_server on the PATH, or docker or podman with a running engine. Received: none of them"
