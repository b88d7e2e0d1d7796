"""What the suite's upstream asks of its client: in the middle of a legacy call, between the rounds of a modern one."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    InputResponse,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

Said: TypeAlias = TextContent | InputRequiredResult

_RESULTS: Mapping[str, type[InputResponse]] = {
    "elicitation/create": ElicitResult,
    "sampling/createMessage": CreateMessageResult,
    "roots/list": ListRootsResult,
}
_ANSWERED = "answered"  # The state of a tool that keeps none but has to see it come back.

DEFAULTS: Mapping[str, Any] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_THREE = ["option1", "option2", "option3"]
_TITLED = [{"const": f"value{number}", "title": f"{word} Option"} for number, word in enumerate(("First", "Second"), 1)]
ENUMS: Mapping[str, Any] = {
    "untitledSingle": {"type": "string", "enum": _THREE},
    "titledSingle": {"type": "string", "oneOf": _TITLED},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["Option One", "Option Two"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _THREE}},
    "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
}


def is_legacy(ctx: Context) -> bool:
    """Say if this call came within a session."""
    return ctx.protocol_version != "2026-07-28"


def form(message: str, properties: Mapping[str, Any], *, required: bool = True) -> ElicitRequest:
    """Return a question to the user."""
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(properties)
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def text_form(message: str, name: str) -> ElicitRequest:
    """Return a question with one field."""
    return form(message, {name: {"type": "string"}})


def prompt(text: str, most: int = 100) -> CreateMessageRequest:
    """Return a question to the client's model."""
    message = SamplingMessage(role="user", content=TextContent(text=text))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=most))


async def asked(
    ctx: Context, requests: Mapping[str, InputRequest], state: str | None = None
) -> Mapping[str, Any] | InputRequiredResult:
    """Return what the client answers to each; in the modern era, as long as one answer is missing, the questions."""
    if is_legacy(ctx):
        related = ServerMessageMetadata(related_request_id=ctx.request_context.request_id)
        send = ctx.session.send_request
        return {key: await send(ask, _RESULTS[ask.method], metadata=related) for key, ask in requests.items()}
    given = ctx.input_responses or {}
    if all(isinstance(given.get(key), _RESULTS[ask.method]) for key, ask in requests.items()):
        return given
    return InputRequiredResult(input_requests=dict(requests), request_state=state)


async def _told(ctx: Context, requests: Mapping[str, InputRequest], state: str | None = None) -> Said:
    answers = await asked(ctx, requests, state)
    if isinstance(answers, InputRequiredResult):
        return answers
    if state is not None and not is_legacy(ctx) and ctx.request_state != state:
        raise MCPError(INVALID_PARAMS, "the state is not the one that was given")
    return TextContent(text=f"state-ok {' '.join(map(_words, answers.values()))}")


def _words(answer: object) -> str:
    match answer:
        case ElicitResult(action=action, content=content):
            return f"action={action}, content={content}"
        case CreateMessageResult(content=TextContent(text=text)):
            return text
        case ListRootsResult(roots=roots):
            return " ".join(str(root.uri) for root in roots)
        case _:
            return repr(answer)


async def test_sampling(prompt: str, ctx: Context) -> Said:
    """Pass a prompt on to the client's model."""
    return await _told(ctx, {"answer": _prompt(prompt)})


async def test_elicitation(message: str, ctx: Context) -> Said:
    """Ask the user for a name and an address."""
    fields = {"username": {"type": "string"}, "email": {"type": "string"}}
    return await _told(ctx, {"answer": form(message, fields)})


async def test_elicitation_sep1034_defaults(ctx: Context) -> Said:
    """Ask by a form with a default in every field."""
    return await _told(ctx, {"answer": form("Please look this over", DEFAULTS, required=False)})


async def test_elicitation_sep1330_enums(ctx: Context) -> Said:
    """Ask by a form with every kind of choice."""
    return await _told(ctx, {"answer": form("Please choose", ENUMS, required=False)})


async def test_streaming_elicitation(ctx: Context) -> Said:
    """Report progress, then ask."""
    await ctx.report_progress(1, 2)
    return await _told(ctx, {"answer": text_form("Who?", "name")})


async def test_missing_capability(ctx: Context) -> Said:
    """Refuse those who have no model to ask."""
    declared = ctx.client_capabilities
    if declared is None or declared.sampling is None:
        wanted: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "this tool needs sampling", wanted)
    return await _told(ctx, {"answer": _prompt("Anything?")})


async def test_input_required_result_elicitation(ctx: Context) -> Said:
    """Ask for a name."""
    return await _told(ctx, {"user_name": text_form("What is your name?", "name")})


async def test_input_required_result_sampling(ctx: Context) -> Said:
    """Ask the model."""
    return await _told(ctx, {"capital_question": _prompt("What is the capital of France?")})


async def test_input_required_result_list_roots(ctx: Context) -> Said:
    """Ask for the client's folders."""
    return await _told(ctx, {"client_roots": ListRootsRequest()})


async def test_input_required_result_request_state(ctx: Context) -> Said:
    """Ask, and have the state back."""
    return await _told(ctx, {"confirm": form("Please confirm", {"ok": {"type": "boolean"}})}, _ANSWERED)


async def test_input_required_result_multiple_inputs(ctx: Context) -> Said:
    """Ask three things at once."""
    requests: Mapping[str, InputRequest] = {
        "user_name": text_form("What is your name?", "name"),
        "greeting": _prompt("Generate a greeting", 50),
        "client_roots": ListRootsRequest(),
    }
    return await _told(ctx, requests, _ANSWERED)


async def test_input_required_result_multi_round(ctx: Context) -> Said:
    """Ask twice; the state says what was answered."""
    if ctx.request_state is None or is_legacy(ctx):
        return await _told(ctx, {"step1": text_form("Step 1: What is your name?", "name")}, "1")
    return await _told(ctx, {"step2": text_form("Step 2: What is your favorite color?", "color")}, "2")


async def test_input_required_result_tampered_state(ctx: Context) -> Said:
    """Ask, and take no state but the one given: the SDK seals it."""
    return await test_input_required_result_request_state(ctx)


async def test_input_required_result_capabilities(ctx: Context) -> Said:
    """Ask for what the client has declared."""
    declared = ctx.client_capabilities
    requests: dict[str, InputRequest] = {}
    if declared is not None and declared.elicitation is not None:
        requests["user_name"] = text_form("What is your name?", "name")
    if declared is not None and declared.sampling is not None:
        requests["greeting"] = _prompt("Generate a greeting")
    if declared is not None and declared.roots is not None:
        requests["client_roots"] = ListRootsRequest()
    return await _told(ctx, requests) if requests else TextContent(text="nothing to ask for")


async def test_input_required_result_prompt(ctx: Context) -> str | InputRequiredResult:
    """Ask what it is to be about."""
    said = await _told(ctx, {"user_context": text_form("What context should the prompt use?", "context")})
    return said.text if isinstance(said, TextContent) else said


_prompt = prompt  # One tool has an argument of that name.
TOOLS = (
    test_sampling,
    test_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_streaming_elicitation,
    test_missing_capability,
    test_input_required_result_elicitation,
    test_input_required_result_sampling,
    test_input_required_result_list_roots,
    test_input_required_result_request_state,
    test_input_required_result_multiple_inputs,
    test_input_required_result_multi_round,
    test_input_required_result_tampered_state,
    test_input_required_result_capabilities,
)


def offer(server: MCPServer[Any]) -> None:
    """Let `server` offer all of these."""
    for tool in TOOLS:
        server.add_tool(tool, structured_output=False)
    server.prompt()(test_input_required_result_prompt)
