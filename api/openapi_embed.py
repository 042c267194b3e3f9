#!/usr/bin/env python3
"""Turns api/openapi.yaml into a C++ source that holds it as JSON: openapi_embed.py IN.yaml OUT.cpp

Fails on duplicate keys (YAML would keep the last one silently), on values JSON has no word for (a bare date), and on
a $ref that points nowhere, so that a slip stops the build and not a client's code generator.
"""

import json
import sys

import yaml

LITERAL_BYTES = 4000  # compilers must take 65,536 (C++ [implimits]); small pieces keep diagnostics readable


class UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def check_references(document):
    def resolve(pointer):
        node = document
        for step in pointer[2:].split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]

    def walk(node):
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                try:
                    resolve(reference)
                except (KeyError, TypeError):
                    sys.exit(f"openapi: nothing at {reference}")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def literal(data):
    out = []
    for byte in data:
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def main(source, target):
    with open(source, encoding="utf-8") as stream:
        document = yaml.load(stream, Loader=UniqueKeys)
    check_references(document)
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    with open(target, "w", encoding="ascii") as out:
        out.write('// Generated from api/openapi.yaml by api/openapi_embed.py.\n#include "api/openapi.h"\n\n')
        out.write("namespace florin::api {\n\nstd::string_view openapi_json() {\n")
        out.write("  static constexpr char kDocument[] =\n")
        for begin in range(0, len(data), LITERAL_BYTES):
            out.write("      " + literal(data[begin : begin + LITERAL_BYTES]) + "\n")
        out.write("      ;\n  return {kDocument, sizeof(kDocument) - 1};\n}\n\n}  // namespace florin::api\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
