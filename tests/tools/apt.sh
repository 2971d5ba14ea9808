# shellcheck shell=bash
# shellcheck disable=SC2154 # Sourced by tests/tools.sh, which sets what is used here.
#
# Fetches packages of this system's own distribution and unpacks them, without root.
#
# apt gets a state, a cache and a source list of its own below the tools folder. It reads its trusted keys and the user's proxy
# settings from the system and writes nowhere else: the hooks of the system's configuration are cleared. It is shown a system on
# which nothing is installed, so that neither held nor broken packages nor versions of third parties get in its way.

apt_folder=$tools/apt
sources=$apt_folder/sources.list

# What is followed from package to package: compiled libraries, Python packages, and the parts of a toolchain.
followed='^(lib|zlib1g|python3-|gcc-|binutils-)'
# The C library belongs to the running system's loader. The others are documents, headers, and what compiling and sanitizing need.
left_out='^(libc6|libc-bin|libc-dev-bin|binutils-common|gcc-[0-9]+-base|libcc1-0|libgprofng[0-9]+|lib(isl|mpc|mpfr|gmp)[0-9]+)$'
left_out+='|^lib(a|l|t|ub|hwa)san[0-9]|^lib(itm|quadmath|gomp)[0-9]|^lib(crypt|nsl|tirpc)-dev$|^python3-(minimal|distutils|pkg-resources)$'

prepare_apt() { # what for
  if ! command -v apt-get || ! command -v dpkg; then
    fail "$1 is missing, and without apt-get it cannot be fetched: put it on PATH (Redis >= $redis_least, Valkey >= $valkey_least)"
  fi >/dev/null
  local python=/usr/bin/python3 chosen
  [[ -x $python ]] || python=python3
  chosen=$("$python" "$root/tests/tools/sources.py" 2>&1) || fail "$1 is missing and cannot be fetched: $chosen"
  mkdir -p "$apt_folder"/{state/lists/partial,cache/archives/partial,debs}
  : >"$apt_folder/status"
  [[ -r $sources && $(<"$sources") == "$chosen" ]] || echo "$chosen" >"$sources"
  cat >"$apt_folder/apt.conf" <<CONF
Dir::Etc::SourceList "$sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$apt_folder/state";
Dir::State::lists "lists/";
Dir::State::status "$apt_folder/status";
Dir::Cache "$apt_folder/cache";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Sandbox::User "$(id -un)";
APT::Default-Release "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

# Quiet, unless someone is watching: then apt shows its progress.
apt_get() {
  local quiet=-qq
  [[ -t 1 ]] && quiet=-q=0
  apt-get -c "$apt_folder/apt.conf" "$quiet" "$@"
}

# apt ends well when a list could not be read, so that lists are looked for.
update_lists() {
  say "reading the package lists of $release"
  apt_get update || true
  [[ -n $(find "$apt_folder/state/lists" -maxdepth 1 -name '*_Packages*' -print -quit) ]] ||
    fail "the package lists of $release could not be read; is the network up?"
  touch "$apt_folder/updated"
}

lists_are_fresh() {
  [[ $apt_folder/updated -nt $sources && -n $(find "$apt_folder/updated" -mmin -1440) ]]
}

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Prints what has to be unpacked for the packages to work. Each release names its libraries in its own way, so apt is asked what
# depends on what; its solver is not, because it would bring everything that a whole system needs. A package named by us counts
# as missing even if installed, because an old redis-server must not hide the newer one.
missing() { # also-installed or not-installed, packages
  local installed=$1 name
  shift
  local level=("$@") next
  local -A seen=()
  while ((${#level[@]})); do
    for name in "${level[@]}"; do
      seen[$name]=1
      echo "$name"
    done
    next=()
    while read -r name; do
      [[ -z ${seen[$name]:-} && $name =~ $followed && ! $name =~ $left_out ]] || continue
      seen[$name]=1
      if [[ $installed == also-installed ]] || ! is_installed "$name"; then next+=("$name"); fi
    done < <(apt-cache -c "$apt_folder/apt.conf" depends --important "${level[@]}" | depended_on)
    level=("${next[@]}")
  done
}

# Takes the names from what apt-cache prints. `Depends: <name>` is a virtual package; those that provide it stand below it.
depended_on() {
  awk '/^ [ |](Pre)?Depends: / { virtual = $2 ~ /^</; if (!virtual) print $2 }  /^    / && virtual { print $1 }' | sed 's/:.*//'
}

# Downloads and unpacks what is missing, except what an earlier call unpacked there.
fetch() { # what for, where to, also-installed or not-installed, packages
  local what=$1 into=$2 installed=$3 package
  shift 3
  prepare_apt "$what"
  lists_are_fresh || update_lists
  local have=$into/.unpacked/$codename names=()
  mkdir -p "$have"
  while read -r package; do
    [[ -e $have/$package ]] || names+=("$package")
  done < <(missing "$installed" "$@")
  ((${#names[@]})) || return 0
  download "$what" "${names[@]}" || exit 1
  for package in "${names[@]}"; do
    dpkg -x "$apt_folder/debs/${package}"_*.deb "$into" || fail "$package could not be unpacked into $into"
    touch "$have/$package"
  done
  rm "$apt_folder"/debs/*.deb
}

download() ( # what for, packages: a subshell, because apt downloads into the current folder
  what=$1
  shift
  cd "$apt_folder/debs" || exit
  rm -f ./*.deb
  uris=$(apt-get -c "$apt_folder/apt.conf" download --print-uris "$@") ||
    { rm "$apt_folder/updated"; fail "the lists of $release do not have what $what needs, at least not now"; }
  while read -r _ file size _; do say "downloading ${file//%3a/:} ($(((size + 1023) / 1024)) kB)"; done <<<"$uris"
  apt_get download "$@" || { update_lists && apt_get download "$@"; } || fail "the download failed; run tests/tools.sh again"
)
