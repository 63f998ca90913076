#!/usr/bin/env bash
# Installs what the cluster suite needs and a clean Debian has not: PostgreSQL, a browser, shells, and the programs that Go
# builds. What is there already is left alone, so that on a prepared machine this takes a second.
set -euo pipefail

packages=()
if ! command -v initdb >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  packages+=(postgresql)
fi
command -v chromium >/dev/null || packages+=(chromium)
for shell in zsh fish; do command -v "$shell" >/dev/null || packages+=("$shell"); done
if ((${#packages[@]} > 0)); then
  if [[ $(id -u) -ne 0 ]]; then
    echo "Missing: ${packages[*]}. Install them, or run this as root." >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

# The S3 server; where Go is missing as well, the suite says so and, in CI, fails.
version=v1.8.0 # the one in test/support/s3/find-versitygw.ts
folder="${XDG_CACHE_HOME:-$HOME/.cache}/stet/tools/versitygw-$version"
if [[ -z ${VERSITYGW_BIN:-} && ! -x $folder/versitygw ]] && command -v go >/dev/null; then
  mkdir -p "$folder"
  GOBIN="$folder" CGO_ENABLED=0 nice -n 5 go install "github.com/versity/versitygw/cmd/versitygw@$version"
fi
