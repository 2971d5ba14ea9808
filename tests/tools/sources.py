#!/usr/bin/env python3
"""Prints the sources of this system's own distribution, one line each, as apt reads them from a sources.list.

    tests/tools/sources.py [--root FOLDER] [--arch amd64]

It reads FOLDER/etc/os-release, FOLDER/etc/apt/sources.list and what lies in FOLDER/etc/apt/sources.list.d. Sources of third
parties are left out: their keys and hosts are not needed here, and one that does not answer would make `apt-get update` fail.
"""
import argparse
import pathlib
import re
import subprocess
import sys

# Options that decide whether a source is trusted and reachable; the others (architectures, languages, targets) are set below.
KEPT = ("signed-by", "trusted", "check-valid-until", "check-date", "by-hash", "allow-insecure")
# Valkey and Redis are in universe on Ubuntu and in main on Debian.
COMPONENTS = {"debian": "main", "ubuntu": "main universe"}
# Valkey came after Debian 12; its backports lie beside the release itself.
BACKPORTS = {"bookworm": "bookworm-backports"}
OFF = {"no", "false", "without", "off", "disable", "0"}


def release(root):
    """The distribution and the code name, also of a system that is derived from Debian or Ubuntu."""
    for path in ("etc/os-release", "usr/lib/os-release"):
        if (root / path).is_file():
            fields = dict(re.findall(r"^(\w+)=[\"']?(.*?)[\"']?$", (root / path).read_text(), re.MULTILINE))
            break
    else:
        sys.exit(f"there is no os-release in {root}")
    like = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    distribution = next((name for name in ("ubuntu", "debian") if name in like), None)
    codename = fields.get("UBUNTU_CODENAME") or fields.get("DEBIAN_CODENAME") or fields.get("VERSION_CODENAME")
    if not distribution or not codename:
        sys.exit(f"{fields.get('PRETTY_NAME', 'this system')} is neither a release of Debian nor of Ubuntu")
    return distribution, codename


def one_line_entries(text):
    """(options, URI, suite, components) of each line of a sources.list."""
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if found:
            # `arch+=` and `arch-=` change apt's default and are names of their own here.
            options = dict(re.findall(r"([\w+-]+)=(\S+)", found[1] or ""))
            yield {name.lower(): value for name, value in options.items()}, found[2], found[3], found[4].split()


def deb822_entries(text):
    """The same of each stanza of a .sources file; one stanza may name several URIs and suites."""
    # A comment may stand between the fields of a stanza, and within a value that spans lines.
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", text):
        fields = {name.lower(): value.split() for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", stanza, re.MULTILINE)}
        if "deb" not in fields.get("types", []) or OFF & {word.lower() for word in fields.get("enabled", [])}:
            continue
        options = {name: ",".join(value) for name, value in fields.items()}
        options["arch"] = options.get("architectures", "")
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield options, uri, suite, fields.get("components", [])


def entries(root):
    apt = root / "etc/apt"
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix in (".list", ".sources"):
            read = deb822_entries if path.suffix == ".sources" else one_line_entries
            yield from read(path.read_text(errors="replace"))


def is_of(distribution, options, uri):
    """Whether the distribution itself signs it. Where no key is named, the place decides: third parties too offer a suite named
    like the release with a component main, but only mirrors end in the distribution's name or are lists of mirrors."""
    if "signed-by" in options:
        return f"/{distribution}-archive-" in options["signed-by"]
    ends_in_its_name = uri.rstrip("/").rpartition("/")[2].startswith(distribution)
    return uri.startswith("mirror") or (ends_in_its_name and "//ppa." not in uri)


def chosen(root, architecture):
    distribution, codename = release(root)
    suites = [codename, f"{codename}-updates", f"{codename}-security"]
    for options, uri, suite, components in entries(root):
        architectures = [name for name in options.get("arch", "").split(",") if name]
        if suite not in suites or "main" not in components or uri.startswith("cdrom:") or not is_of(distribution, options, uri):
            continue
        if architectures and architecture not in architectures:
            continue
        kept = "".join(f" {name}={options[name]}" for name in KEPT if name in options)
        # One architecture and one kind of index: neither a second architecture's packages nor translations are read.
        for wanted in [suite, *([BACKPORTS[suite]] if suite in BACKPORTS else [])]:
            yield f"deb [arch={architecture} target=Packages{kept}] {uri} {wanted} {COMPONENTS[distribution]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("/"), help="where etc/ lies (/)")
    parser.add_argument("--arch", help="the architecture of the packages (dpkg's)")
    arguments = parser.parse_args()
    architecture = arguments.arch or subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    lines = list(dict.fromkeys(chosen(arguments.root, architecture)))
    if not lines:
        sys.exit("apt's sources name no mirror of {} {}; add it to /etc/apt/sources.list".format(*release(arguments.root)))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
