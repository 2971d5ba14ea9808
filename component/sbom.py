#!/usr/bin/env python3
"""Writes the bill of materials of the component, in SPDX 2.3: every package of its lock file, with version, checksum and dependencies.

    component/sbom.py            writes component/sbom.spdx.json
    component/sbom.py --check    ends with 1 where that file is not of the lock file

The lock file has the packages that are compiled in, and those that only take part in the build. A native build adds the compiler's
runtime of the .NET SDK that builds it, which no lock file names.
"""
import argparse
import base64
import datetime
import json
import pathlib
import re
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
LOCK = HERE / "Darq.Component" / "packages.lock.json"
PROJECTS = [HERE.parent / "Directory.Build.props", HERE / "Darq.Component" / "Darq.Component.csproj"]
TARGET = HERE / "sbom.spdx.json"
SELF = "SPDXRef-darq"
AT_BUILD = re.compile(r'<PackageReference Include="([^"]+)" PrivateAssets="all"')


def document(version):
    """The bill without what differs from one writing to the next: its time, and the name that is made of its content."""
    locked = {name: entry for entry_of in json.loads(LOCK.read_text())["dependencies"].values() for name, entry in entry_of.items()}
    packages = {name: entry for name, entry in locked.items() if entry["type"] != "Project"}
    at_build = {name for project in PROJECTS for name in AT_BUILD.findall(project.read_text())}
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"darq-{version}",
        "packages": [own(version), *(package(name, entry) for name, entry in sorted(packages.items()))],
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", SELF), *relations(locked, packages, at_build)],
    }


def own(version):
    return {
        "SPDXID": SELF,
        "name": "darq",
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
    }


def package(name, entry):
    return {
        "SPDXID": identifier(name),
        "name": name,
        "versionInfo": entry["resolved"],
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "checksums": [{"algorithm": "SHA512", "checksumValue": base64.b64decode(entry["contentHash"]).hex()}],
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:nuget/{name}@{entry['resolved']}",
        }],
    }


def relations(locked, packages, at_build):
    """Direct ones are of the component, and so are those of its own projects."""
    own_projects = [entry for entry in locked.values() if entry["type"] == "Project"]
    direct = {name for name, entry in packages.items() if entry["type"] == "Direct"}
    direct |= {name for project in own_projects for name in project.get("dependencies", {}) if name in packages}
    for name in sorted(direct):
        yield relation(identifier(name), "BUILD_TOOL_OF", SELF) if name in at_build else relation(SELF, "DEPENDS_ON", identifier(name))
    for name, entry in sorted(packages.items()):
        for needed in sorted(entry.get("dependencies", {})):
            if needed in packages:
                yield relation(identifier(name), "DEPENDS_ON", identifier(needed))


def relation(element, kind, related):
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}


def identifier(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def complete(found):
    content = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(found, sort_keys=True))
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    info = {"created": created, "creators": ["Tool: darq-sbom"]}
    return found | {"documentNamespace": f"urn:uuid:{content}", "creationInfo": info}


def timeless(bill):
    return {name: value for name, value in bill.items() if name != "creationInfo"}


def main():
    parser = argparse.ArgumentParser(description="Writes the component's bill of materials in SPDX 2.3.")
    parser.add_argument("--check", action="store_true", help="compare instead; ends with 1 where it is not of the lock file")
    arguments = parser.parse_args()
    version = re.search(r"<Version>([^<]+)</Version>", PROJECTS[0].read_text()).group(1)
    found = complete(document(version))
    if not arguments.check:
        TARGET.write_text(json.dumps(found, indent=2) + "\n")
        return 0
    written = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    if timeless(written) == timeless(found):
        return 0
    print(f"{TARGET.name} is not of {LOCK.parent.name}/{LOCK.name}; write it again with component/sbom.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
