"""Derives an OpenAPI 3.0 document from a 3.1 one, for the generators of clients that read nothing newer.

What 3.0 cannot say (unevaluatedProperties, if and then) is left out: the derived document allows no less than the
original. A keyword that is not known here stops the build.
"""

import sys

PLAIN = {
    "title", "description", "type", "format", "default", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "enum", "nullable",
    "multipleOf", "readOnly", "writeOnly", "deprecated", "example",
}  # fmt: skip
LEFT_OUT = {"unevaluatedProperties", "if", "then", "else"}
NULL = {"type": "null"}


def type_of(value):
    return {bool: "boolean", int: "integer", str: "string"}[type(value)]


def with_null(schema, more, schemas):
    """`schema` or null: 3.0 says it by a word beside the type, and allows no word beside a $ref."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix("#/components/schemas/")]
    out = {**schema_of(schema, schemas), **more, "nullable": True}
    if "enum" in out:
        out["enum"] = [*out["enum"], None]
    return out


def schema_of(schema, schemas):
    if schema is True or schema == {}:
        return {}
    others = {key: value for key, value in schema.items() if key != "$ref"}
    if "$ref" in schema:
        return {"allOf": [{"$ref": schema["$ref"]}], **schema_of(others, schemas)} if others else dict(schema)
    alternatives = schema.get("anyOf", [])
    if NULL in alternatives:
        (rest,) = [each for each in alternatives if each != NULL]
        more = schema_of({key: value for key, value in schema.items() if key != "anyOf"}, schemas)
        return with_null(rest, more, schemas)
    out = {}
    for key, value in schema.items():
        if key == "const":
            out |= {"type": type_of(value), "enum": [value]}
            if type_of(value) == "integer":
                out["format"] = "int64"
        elif key == "type" and isinstance(value, list):
            (out["type"],) = [each for each in value if each != "null"]
            out["nullable"] = True
        elif key == "examples":
            out["example"] = value[0]
        elif key in ("exclusiveMinimum", "exclusiveMaximum"):
            out[key.replace("exclusiveM", "m")] = value
            out[key] = True
        elif key == "properties":
            out[key] = {name: schema_of(each, schemas) for name, each in value.items()}
        elif key in ("allOf", "anyOf", "oneOf"):
            out[key] = [schema_of(each, schemas) for each in value]
        elif key in ("items", "not"):
            out[key] = schema_of(value, schemas)
        elif key == "additionalProperties":
            out[key] = value if isinstance(value, bool) else schema_of(value, schemas)
        elif key in PLAIN:
            out[key] = value
        elif key not in LEFT_OUT:
            sys.exit(f"openapi 3.0: what is {key}?")
    if "enum" in out and "type" not in out:
        out["type"] = type_of(out["enum"][0])
    return out


def names_in(node):
    """Of the schemas that are referred to."""
    if isinstance(node, list):
        return set().union(*map(names_in, node))
    if not isinstance(node, dict):
        return set()
    own = str(node.get("$ref", ""))
    found = {own.removeprefix("#/components/schemas/")} if own.startswith("#/components/schemas/") else set()
    return found.union(*map(names_in, node.values()))


def without_unused(document):
    """What only the parts that are left out referred to."""
    schemas = document["components"]["schemas"]
    while unused := set(schemas) - names_in(document):
        for name in unused:
            del schemas[name]
    return document


def derive(document):
    schemas = document["components"]["schemas"]

    def walk(node):
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        return {key: schema_of(value, schemas) if key == "schema" else walk(value) for key, value in node.items()}

    out = {**document, "openapi": "3.0.3", "info": dict(document["info"])}
    out["info"].pop("summary", None)
    licence = out["info"]["license"]
    out["info"]["license"] = {"name": licence["name"], "url": f"https://spdx.org/licenses/{licence['identifier']}.html"}
    out["paths"] = walk(document["paths"])
    parts = document["components"]
    out["components"] = {kind: walk(part) for kind, part in parts.items() if kind != "schemas"}
    out["components"]["schemas"] = {name: schema_of(schema, schemas) for name, schema in schemas.items()}
    return without_unused(out)
