#!/usr/bin/env bash
# What a bare machine may lack. `machine.sh venv DIR` makes the Python environment; `machine.sh browser|font|java` looks
# for Chromium, a CJK font, Java with Maven, and installs them where it can (Debian, as root). What cannot be had is left
# out in one loud line and exit 1 (exit 0 for the font: pages then only look worse).
set -euo pipefail

has() { command -v "$1" >/dev/null 2>&1; }

apt_install() {
  has apt-get && [ "$(id -u)" = 0 ] || return 1
  echo "installing $* (once)" >&2
  { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; }; } >/dev/null 2>&1
}

left_out() {
  echo "!! LEFT OUT: $1" >&2
  exit 1
}

python() {
  local candidate
  for candidate in python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer is needed and was not found" >&2
  return 1
}

make_venv() {
  local interpreter
  interpreter=$(python)
  "$interpreter" -m venv "$1" 2>/dev/null && return
  apt_install "$("$interpreter" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" || true
  "$interpreter" -m venv "$1"
}

case "${1:-}" in
  venv) make_venv "$2" ;;
  browser)
    has chromium || has chromium-browser || has google-chrome || apt_install chromium ||
      left_out "no Chromium: the browser tests do not run"
    ;;
  font)
    { has fc-list && [ -n "$(fc-list :lang=zh)" ]; } || apt_install fontconfig fonts-noto-cjk ||
      echo "!! LEFT OUT: no CJK font: printed papers and screenshots may show boxes for Chinese" >&2
    ;;
  java)
    { has java && has mvn; } || apt_install default-jre-headless maven ||
      left_out "no Java with Maven: the tests against Apache Kafka do not run"
    ;;
  *)
    echo "usage: machine.sh venv DIR | browser | font | java" >&2
    exit 2
    ;;
esac
