#!/usr/bin/env bash
# Fetch the page's parts that others have written, with their licences: vendor.sh, from the repository's root
#
# Each is one version of an npm package, whose archive must have the hash that stands here. What it fetches is
# committed, so that the page needs neither npm nor a network to run.
set -euo pipefail

folder=$PWD/bridge/page/static/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch PACKAGE VERSION SHA512 [FILE AS]...
fetch() {
    local package=$1 version=$2 sum=$3 archive
    shift 3
    archive=$(cd "$work" && npm pack --silent --ignore-scripts "$package@$version")
    echo "$sum  $work/$archive" | sha512sum --check --quiet
    tar -xzf "$work/$archive" -C "$work"
    while [[ $# -gt 0 ]]; do
        install -m 644 "$work/package/$1" "$folder/$2"
        shift 2
    done
}

mkdir -p "$folder"
fetch uplot 1.6.32 \
    2883159c6ebccefbb95d751b0b82d010f9e1c0ec41b8bc96d401eda66e882935c89a46cb824332fa369b8cb8122cc6ac36e186cd09bf7a9ded3a4c93c6989023 \
    dist/uPlot.esm.js uplot.js dist/uPlot.min.css uplot.css LICENSE uplot.license.txt
