#!/usr/bin/env bash
# Makes the root folder of the container's image: the native binary, what it needs to run alone, and nothing else. The Dockerfile
# and the tests, which run the component in such a folder without Docker, both call it.
#
#   component/container/root.sh FOLDER        (made by it; what was there is refused)
set -euo pipefail

(($# == 1)) && [[ $1 != -* ]] || { echo "root: give one folder that is not there yet: component/container/root.sh FOLDER" >&2; exit 2; }
[[ ! -e $1 ]] || { echo "root: '$1' exists; give a folder that is not there yet" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
"$root/component/container/publish.sh"
mkdir -p "$1"
image=$(cd "$1" && pwd)
cd "$root"

# Shared libraries, by those that load them. The tools' own libraries are not the system's.
loaded() { # files
  env -u LD_LIBRARY_PATH ldd "$@" | awk '/not found/ { print $1; next } $2 == "=>" && $3 ~ /^\// { print $3; next } $2 ~ /^\(0x/ && $1 ~ /^\// { print $1 }' |
    sort -u
}

install -D -m 0755 .tools/released/darq "$image/darq"
system=$(dirname "$(loaded "$image/darq" | grep -m 1 '/libc\.so\.6$')")
# OpenSSL is opened when the first TLS connection is made, so that the binary does not name it.
opened=()
for name in libssl.so.3 libcrypto.so.3; do
  for folder in "$system" "/usr$system" /usr/lib64 /usr/lib; do
    if [[ -e $folder/$name ]]; then opened+=("$folder/$name"); continue 2; fi
  done
  echo "root: $name is missing; install OpenSSL 3" >&2
  exit 1
done

mkdir -p "$image"/{etc/ssl/certs,lib,lib64,usr/share/doc,tmp/dapr-components-sockets}
while read -r library; do
  [[ -e $library ]] || { echo "root: the library $library is missing" >&2; exit 1; }
  # The loader has the place that the binary names; /lib is where it looks for the others.
  if [[ $library == */ld-linux* ]]; then install -D -m 0755 "$library" "$image$library"; else install -m 0644 "$library" "$image/lib/"; fi
  if package=$(dpkg -S "*/${library##*/}" 2>/dev/null | head -n 1 | cut -d: -f1) && [[ -r /usr/share/doc/$package/copyright ]]; then
    install -D -m 0644 "/usr/share/doc/$package/copyright" "$image/usr/share/doc/$package/copyright"
  fi
done < <({ loaded "$image/darq" "${opened[@]}"; printf '%s\n' "${opened[@]}"; } | sort -u)

certificates=/etc/ssl/certs/ca-certificates.crt
[[ -r $certificates ]] || { echo "root: $certificates is missing; install ca-certificates" >&2; exit 1; }
install -m 0644 "$certificates" "$image$certificates"
# Where this OpenSSL looks for them.
default=$(grep -aoE 'OPENSSLDIR: "[^"]+"' "$image/lib/libcrypto.so.3" | cut -d'"' -f2)
mkdir -p "$image$default"
ln -s "$certificates" "$image$default/cert.pem"

# A name for the user, and where names of hosts are looked up.
echo 'darq:x:65532:65532:darq:/:/nonexistent' >"$image/etc/passwd"
echo 'darq:x:65532:' >"$image/etc/group"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
install -D -m 0644 LICENSE "$image/usr/share/doc/darq/LICENSE"
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
for notice in LICENSE.txt ThirdPartyNotices.txt; do
  if [[ -r $sdk/$notice ]]; then install -D -m 0644 "$sdk/$notice" "$image/usr/share/doc/dotnet/$notice"; fi
done
# The component keeps here what the sidecar said at Init. In an image this folder alone belongs to its user.
chmod 0770 "$image/tmp/dapr-components-sockets"
echo "root: $image has $(find "$image" -type f | wc -l) files, $(($(du -sb "$image" | cut -f1) / 1000000)) MB"
