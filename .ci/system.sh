#!/usr/bin/env bash
# Install the system's parts that pip cannot: system.sh live|test [python]
#
# Installs with apt-get or says what to install; it never fails for want of a part, because everything
# but sound devices works without the first and the tests name what they miss of the second.
set -euo pipefail

purpose=${1:?live or test}
python=${2:-python3}

say() { printf 'make: %s\n' "$*" >&2; }

case $(uname -s) in
Linux) ;;
Darwin) # the wheels carry PortAudio and the MIDI system
    if [[ $purpose == test ]] && ! command -v jackd >/dev/null; then
        say "tests with a sound server are skipped; to run them: brew install jack"
    fi
    exit 0
    ;;
*) exit 0 ;;
esac

packages=(libportaudio2)
if [[ $purpose == test ]]; then
    packages+=(amsynth aubio-tools chromium ffmpeg fonts-dejavu-core jackd2 jack-tools jacktrip libjack-jackd2-dev gcc git)
    # What the VST3 plugins of the tests are built with; tests/vst3_fixture.py names the same.
    packages+=(cmake g++ juce-modules-source libfontconfig-dev libfreetype-dev libjpeg-dev libpng-dev)
    packages+=(libx11-dev libxext-dev pkg-config zlib1g-dev)
fi
# Debian keeps the module that fills a new virtual environment in a package of its own.
if command -v "$python" >/dev/null && ! "$python" -c 'import ensurepip' 2>/dev/null; then
    packages+=(python3-venv)
fi
# python-rtmidi has wheels up to Python 3.12; for a newer one pip compiles it.
if command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
    packages+=(g++ pkg-config python3-dev libasound2-dev libjack-jackd2-dev)
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "this system has no apt-get; install the equivalents of: ${packages[*]}"
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    if [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) != "install ok installed" ]]; then
        missing+=("$package")
    fi
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
        say "please run: sudo apt-get install ${missing[*]}"
        exit 0
    fi
    as_root=(sudo -n)
fi

# env and not a plain export: sudo clears the environment. JACK's package asks a question otherwise.
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
say "installing ${missing[*]}"
if ! "${install[@]}" install --yes --no-install-recommends "${missing[@]}"; then
    say "the package lists may be old: bringing them up to date"
    "${install[@]}" update
    "${install[@]}" install --yes --no-install-recommends "${missing[@]}" \
        || say "could not install: ${missing[*]}"
fi
