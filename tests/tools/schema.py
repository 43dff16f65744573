# schema.py: JSON held against a schema of ours.
# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema that our schemas use, so that tests need no package
for it. Objects have `properties` and `required`, or `additionalProperties`."""


def is_type(value, name):
    if name == "null":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "array": list,
                              "object": dict}[name])


def problems(value, schema, root, where="$"):
    """What a JSON Schema of the kind that we wrote says against a value."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].split("/")[-1]]
    if "anyOf" in schema:
        found = [list(problems(value, it, root, where))
                 for it in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "type" in schema and not is_type(value, schema["type"]):
        yield f"{where}: not of type {schema['type']}"
        return
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value} is too small"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{where}: {value} is too large"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield f"{where}: too short"
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], root,
                                f"{where}[{index}]")
    if isinstance(value, dict) and "properties" not in schema:
        for key, item in value.items():
            yield from problems(item, schema["additionalProperties"], root,
                                f"{where}.{key}")
    if isinstance(value, dict) and "properties" in schema:
        for key in schema["required"]:
            if key not in value:
                yield f"{where}: no {key}"
        for key, item in value.items():
            if key not in schema["properties"]:
                yield f"{where}: {key} is not in the schema"
            else:
                yield from problems(item, schema["properties"][key], root,
                                    f"{where}.{key}")
