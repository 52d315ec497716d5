"""Which calls leave the process: to another service, or to a model."""

import ast
import re

from inngest_devtools.adopt.calls import Function, name_of

SERVICES = {"httpx", "requests", "aiohttp", "urllib3", "boto3", "aioboto3", "aiobotocore"}
SERVICES |= {"stripe", "twilio", "sendgrid", "smtplib", "aiosmtplib", "slack_sdk", "paypalrestsdk"}
MODELS = {"openai", "anthropic", "litellm", "cohere", "mistralai", "ollama", "groq", "google"}
MODELS |= {"vertexai", "langchain", "langchain_core", "langchain_openai", "langchain_anthropic"}
MODELS |= {"langgraph", "llama_index", "zhipuai", "dashscope", "together", "replicate"}

MODEL_CALLS = re.compile(
    r"(?:chat\.completions\.(?:create|parse)|responses\.(?:create|parse)|messages\.create"
    r"|embeddings\.create|images\.generate|audio\.transcriptions\.create"
    r"|generate_content(?:_async)?"
    r"|litellm\.a?completion|dashscope\.Generation\.call|replicate\.run"
    r"|(?:^|[._])(?:llm|chain|chat_model|agent|graph)\.a?(?:invoke|predict|run))$"
)
CLIENTS = {"AsyncClient", "Client", "Session", "ClientSession"}
HTTP_METHODS = {"get", "post", "put", "patch", "delete", "request", "send"}
SLEEPS = {"asyncio.sleep", "time.sleep", "anyio.sleep", "sleep"}


def calls_service(function: Function, call: ast.Call) -> bool:
    """Whether a call goes to another service: by a library for that, or a client made of one."""
    services = (SERVICES | MODELS) & function.source.imported_packages
    name = name_of(call.func)
    if not services or "." not in name:
        return False
    owner, _, method = name.rpartition(".")
    if name.partition(".")[0] in services:
        return method not in CLIENTS
    is_client = owner.rpartition(".")[2].lower().endswith(("client", "session", "http"))
    return is_client and method in HTTP_METHODS


def calls_any_service(function: Function) -> bool:
    return any(calls_service(function, call) for call in function.calls)


def calls_model(function: Function, call: ast.Call) -> bool:
    """Whether a model is asked for a whole answer; a streamed one has somebody who reads it."""
    is_known = bool(MODELS & function.source.imported_packages)
    return is_known and bool(MODEL_CALLS.search(name_of(call.func))) and not _streams(call)


def _streams(call: ast.Call) -> bool:
    for keyword in call.keywords:
        if keyword.arg == "stream":
            return getattr(keyword.value, "value", True) is not False
    return False


def is_sleep(call: ast.Call) -> bool:
    return name_of(call.func) in SLEEPS
