"""What Inngest's SDK 0.5 offers by name."""

# `from inngest import ...` and `inngest....`, read from inngest 0.5.19.
PUBLIC = frozenset(
    [
        "Batch",
        "Cancel",
        "Concurrency",
        "Context",
        "ContextSync",
        "Debounce",
        "Event",
        "Function",
        "Inngest",
        "JSON",
        "Middleware",
        "MiddlewareSync",
        "NonRetriableError",
        "ParallelMode",
        "Priority",
        "PydanticSerializer",
        "RateLimit",
        "RetryAfterError",
        "SendEventsResult",
        "Serializer",
        "Singleton",
        "Step",
        "StepError",
        "StepMemos",
        "StepSync",
        "Streaming",
        "Throttle",
        "Timeouts",
        "TransformOutputResult",
        "TriggerCron",
        "TriggerEvent",
    ]
)
SUBMODULES = frozenset(
    [
        "connect",
        "const",
        "digital_ocean",
        "django",
        "errors",
        "experimental",
        "fast_api",
        "flask",
        "tornado",
        "_internal",
        "__version__",
    ]
)
# Calls of a step object: how a step is told from another thing of that name.
STEP_CALLS = frozenset(
    [
        "run",
        "sleep",
        "sleep_until",
        "wait_for_event",
        "invoke",
        "invoke_by_id",
        "send_event",
        "parallel",
        "ai",
    ]
)
# What only an event has, and what only a context has: how an unannotated parameter is told.
EVENT_ATTRIBUTES = frozenset({"data", "name", "id", "ts", "user", "v"})
CONTEXT_ATTRIBUTES = frozenset(
    {"event", "events", "step", "group", "run_id", "logger", "attempt", "job_id", "request_id"}
)
