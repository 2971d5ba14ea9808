# shellcheck shell=bash
# shellcheck disable=SC2154 # Sourced by tests/tools.sh, which sets what is used here.
#
# The linker of a Native AOT binary: a C compiler's driver, binutils, and the start files of the C library. ILCompiler compiles
# nothing in C, so that the compiler itself (cc1, another 10 MB) is not needed.
#
# DARQ_NATIVE_LINKER is the value for `dotnet publish -p:PublishAot=true -p:CppCompilerAndLinker=...`.

native=$tools/native

native_lines() {
  local linker
  if linker=$(linker_on_path); then echo "export DARQ_NATIVE_LINKER='$linker'"; return 0; fi
  write_native_programs
  { links "$native/bin/cc" && "$native/bin/objcopy" --version; } >/dev/null 2>&1 || return 1
  echo "export DARQ_NATIVE_LINKER='$native/bin/cc'"
  # ILCompiler takes objcopy from PATH.
  echo "export PATH='$native/bin':\$PATH"
}

linker_on_path() {
  local name
  [[ -z $ignore_path ]] && command -v objcopy >/dev/null || return 1
  for name in clang gcc; do
    if links "$name" 2>/dev/null; then command -v "$name"; return 0; fi
  done
  return 1
}

# Links a program that is nothing but the label `main`, with the flags of ILCompiler, and does not run it.
links() { # program
  local code=0 output
  output=$(mktemp)
  printf '.globl main\nmain:\n' | "$1" -x assembler - -o "$output" -fuse-ld=bfd -pie -pthread -ldl -lrt -lm || code=$?
  rm -f "$output"
  return "$code"
}

# The unpacked programs are run through small scripts, because their libraries, start files and linker lie beside them.
write_native_programs() {
  local folder libraries="" flags=""
  for folder in "$native"/usr/lib/*-linux-gnu "$native"/lib/*-linux-gnu; do
    [[ -d $folder ]] || continue
    libraries+=${libraries:+:}$folder
    flags+=" -B'$folder' -L'$folder'"
    # The C library's linker script names its static part by its place in the system.
    if [[ -f $folder/libc.so ]]; then sed -i 's# /[^ ]*/libc_nonshared\.a# libc_nonshared.a#' "$folder/libc.so"; fi
  done
  mkdir -p "$native/bin"
  write_program "$native/bin/cc" "'$native/usr/bin/gcc' -B'$native/usr/bin'$flags"
  write_program "$native/bin/objcopy" "'$native/usr/bin/objcopy'"
}

write_program() { # file, command: with $libraries
  cat >"$1" <<PROGRAM
#!/bin/sh
LD_LIBRARY_PATH='$libraries'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} exec $2 "\$@"
PROGRAM
  chmod +x "$1"
}
