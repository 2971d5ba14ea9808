# Sourced by the commands at the top of the repository, after leash.sh.

# Builds a project or solution. A line for each project as it is done, or a moving picture at a terminal: the first build takes minutes.
build() { # project or solution
  echo "${0##*/}: building $1 (the first time this restores packages and takes a minute or two)"
  # One compiler for all projects takes half the time of one for each. It ends with the leash.
  on_leash dotnet build "$1" -c Release --nologo -v minimal -clp:NoSummary -p:UseSharedCompilation=true || { echo "${0##*/}: the build failed" >&2; exit 1; }
}

# Builds a project unless its binary is newer than all its sources.
build_if_changed() { # project folder, binary, further source folders
  local project=$1 binary=$1/bin/Release/net10.0/$2.dll
  shift 2
  if [[ -e $binary && -z $(find "$project" "$@" Directory.*.props \( -name bin -o -name obj -o -name node_modules \) -prune -o -type f ! -name '*.md' ! -name '*.json' -newer "$binary" -print -quit) ]]; then
    return
  fi
  build "$project"
  touch "$binary" # A build that found nothing to compile leaves it as old as it was.
}
