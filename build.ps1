#!/usr/bin/env sh
echo --% >/dev/null;: ' | out-null
<#'
# One file, two languages: the lines up to "exec" are POSIX sh, the lines at the end are PowerShell.
# Both build the build program (build/) when its sources have changed and hand over to it.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=$root/artifacts/build/Build.dll
stamp=$root/artifacts/build/.built
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

missing() {
    echo "build.ps1: $1" >&2
    echo "build.ps1: install the .NET SDK 10.0 (package dotnet-sdk-10.0, or https://dot.net), put dotnet on PATH, run again" >&2
    exit 3
}

command -v dotnet >/dev/null 2>&1 || missing "dotnet is not on PATH"

if [ ! -f "$program" ] || [ ! -f "$stamp" ] ||
    [ -n "$(find "$root/build" "$root"/Directory.*.props "$root/global.json" -newer "$stamp" -print | head -n 1)" ]; then
    dotnet --list-sdks | grep -q '^1[0-9]\.' || missing "dotnet has no SDK 10.0 or later"
    echo "build.ps1: building the build program" >&2
    mkdir -p "$root/artifacts/build"
    touch "$stamp.new"
    log=$root/artifacts/build/build.log
    dotnet build "$root/build/Build.csproj" -c Release -o "$root/artifacts/build" -v quiet --nologo -nodeReuse:false \
        '-consoleLoggerParameters:NoSummary;ErrorsOnly' >"$log" 2>&1 || {
        cat "$log" >&2
        echo "build.ps1: the build program does not build: see the errors above" >&2
        exit 1
    }
    mv "$stamp.new" "$stamp"
fi
exec dotnet "$program" "$@"
#>
$ErrorActionPreference = 'Stop'
$env:DOTNET_NOLOGO = '1'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_CLI_UI_LANGUAGE = 'en'
if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine('build.ps1: dotnet is not on PATH')
    [Console]::Error.WriteLine('build.ps1: install the .NET SDK 10.0 (package dotnet-sdk-10.0, or https://dot.net), put dotnet on PATH, run again')
    exit 3
}
$out = Join-Path $PSScriptRoot 'artifacts/build'
dotnet build (Join-Path $PSScriptRoot 'build/Build.csproj') -c Release -o $out -v quiet --nologo -nodeReuse:false | Out-Host
if ($LASTEXITCODE -ne 0) {
    [Console]::Error.WriteLine('build.ps1: the build program does not build: see the errors above')
    exit 1
}
dotnet (Join-Path $out 'Build.dll') @args
exit $LASTEXITCODE
