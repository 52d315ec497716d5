"""Data for an event that nobody has written by hand: what its class says, or the simplest that it
takes.
"""

from typing import Any

Schema = dict[str, Any]
TEXTS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.com",
    "uri": "https://example.com",
}


def make_example(schema: Schema) -> Any:
    """A value for a JSON Schema as pydantic writes it.

    An example that a field names (`Field(examples=[...])`) comes first, then its default.
    """
    return _make(schema, schema.get("$defs", {}))


def _make(schema: Schema, definitions: dict[str, Schema]) -> Any:
    if "$ref" in schema:
        return _make(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _make(schema[key][0], definitions)
    return _make_of_type(schema, definitions)


def _make_of_type(schema: Schema, definitions: dict[str, Schema]) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: _make(field, definitions) for name, field in fields.items()}
        case "array":
            items = schema.get("prefixItems") or [schema.get("items", {})] * max(
                1, schema.get("minItems", 1)
            )
            return [_make(item, definitions) for item in items]
        case "string":
            text = TEXTS.get(schema.get("format", ""), "example")
            return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
    return None
