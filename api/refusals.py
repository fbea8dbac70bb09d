"""What the description of the service tells of refusals: whatever is asked, a refusal is a problem as RFC 9457 has it."""

from typing import Any

from fastapi import FastAPI

MEDIA = "application/problem+json"
NAME = "Problem"
PROBLEM: dict[str, Any] = {
    "title": NAME,
    "description": "A refusal as RFC 9457 has it: what, where, and what to do. Its facts stand beside these members.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:gridmap:problem: and the name of the refusal, which stays the same."},
        "title": {"type": "string", "description": "What kind of refusal it is, in the language that was asked for."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence for people."},
        "errors": {
            "type": "array",
            "description": "Each field that cannot be used.",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}
REFUSED = {"description": "Refused, with the reason.", "content": {MEDIA: {"schema": {"$ref": f"#/components/schemas/{NAME}"}}}}
UNUSABLE = {**REFUSED, "description": "What was sent cannot be used: `detail` says what, `errors` which fields."}


def describe_refusals(described: dict[str, Any]) -> None:
    """Tell in an OpenAPI description how each operation refuses; the framework's own form, which is never sent, is taken out."""
    schemas = described["components"]["schemas"]
    for unsent in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unsent, None)
    schemas[NAME] = PROBLEM
    for methods in described["paths"].values():
        for operation in methods.values():
            answers = operation["responses"]
            for status in [status for status in answers if status.startswith(("4", "5"))]:
                answers[status] = UNUSABLE if status == "422" else {**REFUSED, "description": answers[status]["description"]}
            answers["default"] = REFUSED


def methods_there(app: FastAPI, path: str) -> list[str]:
    """The methods that the description has for an address such as /api/tokens/{id}."""
    return sorted(method.upper() for method in app.openapi()["paths"].get(path, {}))
