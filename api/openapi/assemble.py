#!/usr/bin/env python3
"""Makes the OpenAPI document from the table of routes and the texts beside this file (README.md):

    assemble.py ROUTES.json OUT_FOLDER

ROUTES.json is what the program route_rows prints. Writes openapi.json (3.1), openapi-3.0.json and openapi_json.cpp,
which holds both. Fails when a route has no text or a text no route, when a name is given twice, and when a name or a
$ref leads nowhere, so that a mistake stops the build and not a client's code generator.
"""

import json
import pathlib
import re
import sys

import yaml

import openapi_3_0

FOLDER = pathlib.Path(__file__).parent
LITERAL_BYTES = 4000  # compilers must take 65,536 (C++ [implimits]); small pieces keep diagnostics readable
ENVIRONMENTS = {
    "sandbox": [{"url": "/sandbox", "description": "Only in the sandbox"}],
    "process": [{"url": "/", "description": "The server itself"}],
}
INT32 = 2**31 - 1
TEXTS = {}  # of the named schemas, for `extends`
SECURITY = {"game": None, "operators": [{"adminToken": []}]}  # None: the document's default


class UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def stop(message):
    sys.exit(f"openapi: {message}")


# ---- schemas


def reference(kind, name):
    return {"$ref": f"#/components/{kind}/{name}"}


def or_null(schema, **more):
    """Nullable in the way that every generator of clients reads."""
    return {"anyOf": [schema, {"type": "null"}], **more}


def with_fields_of_base(text):
    """`extends`: the fields of a named text, and more. An object of its own, without allOf, which many generators of
    clients read wrongly as soon as a field may be null."""
    if "extends" not in text:
        return text
    base = with_fields_of_base(TEXTS[text["extends"]])
    fields = {**base.get("fields", {}), **base.get("exactly", {})}
    for name in text.get("requires", []):
        fields = {name if key == name + "?" else key: value for key, value in fields.items()}
    rest = {key: value for key, value in text.items() if key not in ("extends", "requires", "part")}
    kind = "exactly" if "exactly" in rest else "fields"
    return {**rest, kind: {**fields, **rest[kind]}}


def merged_null(schema):
    """{anyOf: [{type: string, …}, {type: null}]} is {type: [string, null], …}."""
    if schema.get("anyOf", [None])[-1] != {"type": "null"} or len(schema["anyOf"]) != 2:
        return schema
    inner = schema["anyOf"][0]
    if not isinstance(inner.get("type"), str) or "enum" in inner or "const" in inner:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**inner, **rest, "type": [inner["type"], "null"]}


def with_format(schema):
    """Generated clients in Go, Java and C# take an integer without a format for one of 32 bits."""
    if schema.get("type") != "integer" and schema.get("type") != ["integer", "null"]:
        return schema
    small = schema.get("minimum", -INT32 - 1) >= -INT32 and schema.get("maximum", INT32 + 1) <= INT32
    return {**schema, "format": "int32" if small else "int64"}


def schema_of(text):
    """A schema as the texts write it: a name, a name "or null", "=constant", or a schema with `fields`."""
    if isinstance(text, str):
        if text.startswith("="):
            return {"const": text[1:]}
        if text.endswith(" or null"):
            return or_null(reference("schemas", text.removesuffix(" or null")))
        return reference("schemas", text)
    if "is" in text:
        rest = {key: value for key, value in text.items() if key != "is"}
        return {**schema_of(text["is"]), **rest}
    out = {}
    for key, value in with_fields_of_base(text).items():
        if key in ("fields", "exactly"):
            out["type"] = "object"
            out["properties"] = {name.removesuffix("?"): schema_of(field) for name, field in value.items()}
            required = [name for name in value if not name.endswith("?")]
            if required:
                out["required"] = required
            if key == "exactly":
                out["additionalProperties"] = False
        elif key == "properties":
            out[key] = {name: schema_of(field) for name, field in value.items()}
        elif key in ("items", "not", "if", "then") or (key == "additionalProperties" and isinstance(value, (dict, str))):
            out[key] = schema_of(value)
        elif key in ("anyOf", "oneOf", "allOf"):
            out[key] = [schema_of(part) for part in value]
        else:
            out[key] = value
    return with_format(merged_null(out))


def one_of(schemas):
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def names(value):
    return value if isinstance(value, list) else [value]


def error(base, properties):
    return {"allOf": [reference("schemas", base)], "properties": properties, "unevaluatedProperties": False}


def error_schemas(reply):
    for name in reply.get("schemas", []):
        yield reference("schemas", name)
    if "original" in reply:
        originals = one_of([schema_of(each) for each in names(reply["original"])])
        yield error("DuplicateError", {"original": originals})
    if "codes" in reply:
        yield error("Error", {"error_code": {"enum": reply["codes"]}})
    if "retry" in reply:
        yield error("RetryableError", {"error_code": {"enum": reply["retry"]}})


def links(then):
    """`then`: the operations that go on from this reply, and which of its fields they take."""
    for target, takes in then.items():
        values = {
            kind: {name: f"$response.body#/{field}" for name, field in takes.get(word, {}).items()}
            for word, kind in (("with", "parameters"), ("body", "requestBody"))
        }
        yield target, {"operationId": target, **{kind: value for kind, value in values.items() if value}}


def response(reply):
    headers = {"Request-Id": reference("headers", "RequestId")}
    if reply.get("position"):
        headers["Florin-Position"] = reference("headers", "FlorinPosition")
    for name, header in reply.get("headers", {}).items():
        headers[name] = reference("headers", header) if isinstance(header, str) else header
    if "retry" in reply or reply.get("later"):
        headers["Retry-After"] = reference("headers", "RetryAfter")
    out = {"description": reply["description"], "headers": headers}
    if "then" in reply:
        out["links"] = dict(links(reply["then"]))
    if reply.get("empty"):
        return out
    if "content" in reply:
        out["content"] = contents(reply["content"])
        return out
    if isinstance(reply.get("schema"), dict):
        media = {"schema": schema_of(reply["schema"])}
    elif "schema" in reply:
        media = {"schema": one_of([schema_of(each) for each in names(reply["schema"])])}
    else:
        media = {"schema": one_of(list(error_schemas(reply)))}
    for key in ("example", "examples"):
        if key in reply:
            media[key] = reply[key]
    out["content"] = {"application/json": media}
    return out


def contents(content):
    return {kind: {**media, "schema": schema_of(media["schema"])} for kind, media in content.items()}


# ---- operations


def path_names(route):
    return re.findall(r"\{(\w+)\}", route["path"])


def parameters(route, text, shared):
    own = dict(text.get("parameters", {}))
    wanted = [("path", name) for name in path_names(route)] + [("query", name) for name in route["query"]]
    if route["min_position"]:
        wanted.append(("header", "Florin-Min-Position"))
    wanted += [("header", name) for name, parameter in own.items() if parameter.get("in") == "header"]
    for where, name in wanted:
        if name in own:
            parameter = own.pop(name)
            required = {"required": True} if where == "path" else {}
            yield {"name": name, "in": where, **required, **parameter, "schema": schema_of(parameter["schema"])}
        elif (where, name) in shared:
            yield reference("parameters", shared[where, name])
        else:
            stop(f"{route['operation']}: nothing says what the {where} parameter {name} is")
    if own:
        stop(f"{route['operation']}: the route takes no parameter {', '.join(own)}")


def request_body(route, text, document):
    kind = route["body"]
    if (kind in ("none", "ignored")) == ("body" in text):
        stop(f"{route['operation']}: the route's body is {kind}, and the text says otherwise")
    if kind == "none":
        return None
    if kind == "ignored":
        return reference("requestBodies", "NotNeeded")
    body = text["body"]
    if kind in ("form", "text"):
        return {"required": True, **body, "content": contents(body["content"])}
    more = {}
    if isinstance(body, dict) and "schema" in body:
        more = {key: value for key, value in body.items() if key != "schema"}
        body = body["schema"]
    media = {"schema": schema_of(body)}
    return {**more, "required": kind == "json", "content": {"application/json": media}}


def implied_replies(route):
    """What the row's own checks answer with (api/routes/routes.cpp)."""
    out = {500: "Fault"}
    if route["who"] in ("game", "operators", "provider"):
        out[503] = "Unavailable"
    if route["who"] == "game":
        out |= {401: "BadKey", 403: "GameNotActive"}
    if route["who"] == "operators":
        out |= {400: "InvalidRequest", 401: "BadToken", 403: "AdminDisabled"}
    if route["body"] in ("json", "optional_json", "ignored"):
        out |= {413: "BodyTooLarge", 415: "UnsupportedMediaType"}
    if route["limits"]:
        out[429] = "RateLimited"
    if route["min_position"]:
        out |= {400: "InvalidRequest", 503: "PositionNotReached"}
    if "{" in route["path"]:
        out[400] = "InvalidRequest"  # a name in the path that is not UTF-8
    out["default"] = "Unexpected"
    return out


def operation(route, text, tag, document):
    out = {"operationId": route["operation"], "tags": [tag], "summary": text["summary"]}
    if "description" in text:
        out["description"] = text["description"]
    security = SECURITY.get(route["who"], [])
    if security is not None:
        out["security"] = security
    if route["where"] in ENVIRONMENTS:
        out["servers"] = ENVIRONMENTS[route["where"]]
    found = list(parameters(route, text, document["shared_parameters"]))
    if found:
        out["parameters"] = found
    body = request_body(route, text, document)
    if body is not None:
        out["requestBody"] = body
    replies = {**implied_replies(route), **text["replies"]}
    out["responses"] = {}
    for status in sorted(replies, key=str):
        reply = replies[status]
        if isinstance(reply, str):
            reply = reference("responses", reply)
        else:
            reply = response(reply)
        out["responses"][str(status)] = reply
    return out


# ---- the document


def is_part(text):
    """Only ever extended."""
    return isinstance(text, dict) and "part" in text


def load(path):
    with open(path, encoding="utf-8") as stream:
        return yaml.load(stream, Loader=UniqueKeys)


def merge(into, more, what):
    for key, value in (more or {}).items():
        if key in into:
            stop(f"{what} {key} is there twice")
        into[key] = value


def assemble(routes):
    shared = load(FOLDER / "document.yaml")
    texts, tags = {}, {}
    schemas, responses = dict(shared["schemas"]), dict(shared["responses"])
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == "document.yaml":
            continue
        part = load(path)
        merge(tags, part["tags"], "the tag")
        merge(schemas, part.get("schemas"), "the schema")
        merge(responses, part.get("responses"), "the response")
        only = next(iter(part["tags"]))
        merge(texts, {name: (text.get("tag", only), text) for name, text in part["operations"].items()}, "the operation")

    shared["shared_parameters"] = {(each["in"], each["name"]): name for name, each in shared["parameters"].items()}
    TEXTS.update(schemas)
    paths = {}
    for route in routes:
        if route["operation"] not in texts:
            stop(f"the route {route['operation']} has no text")
        tag, text = texts.pop(route["operation"])
        paths.setdefault(route["path"], {})[route["method"]] = operation(route, text, tag, shared)
    if texts:
        stop(f"no route is called {', '.join(texts)}")
    ready = {}
    for name, parameter in shared["parameters"].items():
        required = {"required": True} if parameter["in"] == "path" else {}
        ready[name] = {**parameter, **required, "schema": schema_of(parameter["schema"])}
    return {
        "openapi": "3.1.0",
        "info": shared["info"],
        "servers": shared["servers"],
        "tags": [{"name": name, "description": tags[name]} for name in shared["tag_order"]],
        "security": [{"gameKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": shared["securitySchemes"],
            "parameters": ready,
            "headers": shared["headers"],
            "requestBodies": {
                "NotNeeded": {
                    "description": shared["not_needed"],
                    "required": False,
                    "content": {"application/json": {"schema": {"type": "object"}}},
                }
            },
            "responses": {name: response(reply) for name, reply in responses.items()},
            "schemas": {name: schema_of(schema) for name, schema in schemas.items() if not is_part(schema)},
        },
    }


def check_references(document):
    def walk(node):
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                try:
                    at = document
                    for step in target[2:].split("/"):
                        at = at[step.replace("~1", "/").replace("~0", "~")]
                except (KeyError, TypeError):
                    stop(f"nothing at {target}")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def check_links(document):
    """Each link leads to an operation that takes what is handed on."""
    takes = {}
    for operations in document["paths"].values():
        for each in operations.values():
            names = {resolved(document, one)["name"] for one in each.get("parameters", [])}
            content = each.get("requestBody", {}).get("content", {})
            body = resolved(document, content.get("application/json", {}).get("schema", {}))
            takes[each["operationId"]] = {"parameters": names, "requestBody": set(body.get("properties", {}))}
    for operations in document["paths"].values():
        for each in operations.values():
            for reply in each["responses"].values():
                for target, link in reply.get("links", {}).items():
                    for kind in ("parameters", "requestBody"):
                        if not set(link.get(kind, {})) <= takes.get(target, {kind: set()})[kind]:
                            stop(f"{each['operationId']}: {target} does not take {', '.join(link[kind])}")


def resolved(document, node):
    while "$ref" in node:
        at = document
        for step in node["$ref"][2:].split("/"):
            at = at[step]
        node = at
    return node


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


def function(name, data):
    yield f"std::string_view {name}() {{\n  static constexpr char kDocument[] =\n"
    for begin in range(0, len(data), LITERAL_BYTES):
        yield "      " + literal(data[begin : begin + LITERAL_BYTES]) + "\n"
    yield "      ;\n  return {kDocument, sizeof(kDocument) - 1};\n}\n\n"


def compact(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def main(routes_path, out_folder):
    with open(routes_path, encoding="utf-8") as stream:
        routes = json.load(stream)
    document = assemble(routes)
    check_links(document)
    older = openapi_3_0.derive(document)
    out = pathlib.Path(out_folder)
    for name, each in (("openapi.json", document), ("openapi-3.0.json", older)):
        check_references(each)
        (out / name).write_text(json.dumps(each, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    with open(out / "openapi_json.cpp", "w", encoding="ascii") as stream:
        stream.write('// Generated by api/openapi/assemble.py.\n#include "api/openapi.h"\n\nnamespace florin::api {\n\n')
        stream.writelines(function("openapi_json", compact(document)))
        stream.writelines(function("openapi_3_0_json", compact(older)))
        stream.write("}  // namespace florin::api\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
