"""The counters of known servers: a table. Names that changed between versions stand in one line, the newest first.

Where the names are from is said with each preset. What is not among the counters of a server is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

ROLES = (
    "inferences", "errors", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "latency_seconds", "cost_usd",
)  # fmt: skip
"""What a counter may count, by the words of the settings."""
CALLS = ("inferences", "errors")
SCALED = {"latency_microseconds": ("latency_seconds", 1e-6), "latency_milliseconds": ("latency_seconds", 1e-3)}


class Preset(Struct, frozen=True):
    """What is known of the counters of a kind of server."""

    title: str
    origin: str
    """Where the names are from."""
    metrics: Mapping[str, tuple[str, ...]]
    """By role: selectors of the same, of which the first that exists counts."""
    model: tuple[str, ...] = ()
    """Labels of the model; the first that says something."""
    operation: str | None = None
    """Label of the operation."""
    operations: Mapping[str, str] = field(default_factory=dict)
    """Operations by patterns of that label, where the usual words are not enough."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Labels of calls, with a pattern of values that mean that they failed."""
    errors_inside: bool = False
    """Whether the counter of calls has those of `errors` among them."""
    cached_beside: bool = False
    """Whether the input tokens are without those from a cache, where these are counted."""
    unknown: frozenset[str] = frozenset()
    """Values of labels that mean that there is none."""
    remark: str = ""
    """What the page says of it."""


_OTEL_SOURCE = (
    "OpenTelemetry semantic conventions for generative AI: gen_ai.client.operation.duration and"
    " gen_ai.client.token.usage; names as the Prometheus exporter of the Collector writes them"
)
_FINISHED = 'gen_ai_token_type="output"'
PRESETS: Mapping[str, Preset] = {
    "vllm": Preset(
        "vLLM",
        "vllm/v1/metrics/loggers.py; behind KServe with the prefix kserve_",
        {
            "inferences": (
                "vllm:request_success_total",
                "vllm:request_success",
                "vllm_request_success_total",
                "kserve_vllm:request_success_total",
            ),
            "input_tokens": (
                "vllm:prompt_tokens_total",
                "vllm:prompt_tokens",
                "vllm_prompt_tokens_total",
                "kserve_vllm:prompt_tokens_total",
            ),
            "cached_input_tokens": (
                "vllm:prefix_cache_hits_total",
                "vllm:gpu_prefix_cache_hits_total",
                "vllm_prefix_cache_hits_total",
                "kserve_vllm:prefix_cache_hits_total",
            ),
            "output_tokens": (
                "vllm:generation_tokens_total",
                "vllm:generation_tokens",
                "vllm_generation_tokens_total",
                "kserve_vllm:generation_tokens_total",
            ),
            "latency_seconds": (
                "vllm:e2e_request_latency_seconds_sum",
                "vllm_e2e_request_latency_seconds_sum",
                "kserve_vllm:e2e_request_latency_seconds_sum",
            ),
        },
        model=("model_name",),
        failed={"finished_reason": "abort|error"},
        remark="aborted and failed requests are in the counter of requests, by `finished_reason`",
    ),
    "sglang": Preset(
        "SGLang",
        "sglang/srt/metrics/collector.py, with --enable-metrics",
        {
            "inferences": (
                "sglang:num_requests_total",
                "sglang_num_requests_total",
                "sglang:e2e_request_latency_seconds_count",
                "sglang_e2e_request_latency_seconds_count",
            ),
            "errors": ("sglang:num_aborted_requests_total", "sglang_num_aborted_requests_total"),
            "input_tokens": ("sglang:prompt_tokens_total", "sglang_prompt_tokens_total"),
            "cached_input_tokens": ("sglang:cached_tokens_total", "sglang_cached_tokens_total"),
            "output_tokens": ("sglang:generation_tokens_total", "sglang_generation_tokens_total"),
            "latency_seconds": (
                "sglang:e2e_request_latency_seconds_sum",
                "sglang_e2e_request_latency_seconds_sum",
            ),
        },
        model=("model_name", "name"),
        remark="older releases have no counter of requests: the one of the latency stands in; aborted requests are"
        " beside those that were processed",
    ),
    "tgi": Preset(
        "Text Generation Inference",
        "router/src/server.rs; counters without `_total`",
        {
            "inferences": ("tgi_request_success", "tgi_request_success_total"),
            "errors": ("tgi_request_failure", "tgi_request_failure_total"),
            "input_tokens": ("tgi_request_input_length_sum",),
            "output_tokens": ("tgi_request_generated_tokens_sum",),
            "latency_seconds": ("tgi_request_duration_sum",),
        },
        remark="names no model; `tgi_batch_inference_count` counts batches and is not read",
    ),
    "llama.cpp": Preset(
        "llama.cpp",
        "tools/server, with --metrics",
        {
            "input_tokens": ("llamacpp:prompt_tokens_total",),
            "cached_input_tokens": ("llamacpp:prompt_tokens_cached_total",),
            "output_tokens": ("llamacpp:tokens_predicted_total",),
        },
        model=("model",),
        cached_beside=True,
        remark="counts no requests (`n_decode_total` counts steps): `metrics.inferences` may name a counter of a"
        " proxy before it, and without one only tokens are told",
    ),
    "ollama": Preset(
        "Exporters for Ollama",
        "ollama-metrics, ollama-metrics-proxy and others with the same names; Ollama itself has no metrics",
        {
            "inferences": ("ollama_requests_total", "ollama_request_duration_seconds_count"),
            "errors": ("ollama_errors_total",),
            "input_tokens": ("ollama_prompt_tokens_total",),
            "output_tokens": ("ollama_generated_tokens_total", "ollama_completion_tokens_total"),
            "latency_seconds": ("ollama_request_duration_seconds_sum",),
        },
        model=("model",),
        operation="endpoint",
        operations={".*embed.*": "embedding", ".*": "generation"},
        failed={"status": "[45].*|error|failed"},
    ),
    "litellm": Preset(
        "LiteLLM proxy",
        "litellm/types/integrations/prometheus.py",
        {
            "inferences": ("litellm_proxy_total_requests_metric_total", "litellm_proxy_total_requests_metric"),
            "errors": ("litellm_proxy_failed_requests_metric_total", "litellm_proxy_failed_requests_metric"),
            "input_tokens": ("litellm_input_tokens_metric_total", "litellm_input_tokens_metric"),
            "cached_input_tokens": ("litellm_input_cached_tokens_metric_total",),
            "cache_write_tokens": ("litellm_input_cache_creation_tokens_metric_total",),
            "output_tokens": ("litellm_output_tokens_metric_total", "litellm_output_tokens_metric"),
            "latency_seconds": ("litellm_request_total_latency_metric_sum",),
            "cost_usd": ("litellm_spend_metric_total", "litellm_spend_metric"),
        },
        model=("requested_model", "model"),
        operation="route",
        operations={
            ".*embedding.*": "embedding",
            ".*rerank.*": "rerank",
            ".*image.*": "image",
            ".*(audio|speech|transcription).*": "audio",
            ".*moderation.*": "moderation",
            ".*": "generation",
        },
        errors_inside=True,
        unknown=frozenset({"None"}),
        remark="counts what clients asked for, each once; attempts and fallbacks behind it are"
        " `litellm_deployment_*` and are not read; answers of its cache are among the calls",
    ),
    "envoy-ai-gateway": Preset(
        "Envoy AI Gateway",
        "internal/metrics, after the conventions of OpenTelemetry",
        {
            "inferences": ("gen_ai_server_request_duration_seconds_count", "gen_ai_server_request_duration_count"),
            "input_tokens": (
                'gen_ai_client_token_usage_sum{gen_ai_token_type="input"}',
                'gen_ai_client_token_usage_token_sum{gen_ai_token_type="input"}',
            ),
            "cached_input_tokens": (
                'gen_ai_client_token_usage_sum{gen_ai_token_type="cached_input"}',
                'gen_ai_client_token_usage_token_sum{gen_ai_token_type="cached_input"}',
            ),
            "cache_write_tokens": (
                'gen_ai_client_token_usage_sum{gen_ai_token_type="cache_creation_input"}',
                'gen_ai_client_token_usage_token_sum{gen_ai_token_type="cache_creation_input"}',
            ),
            "output_tokens": (
                f"gen_ai_client_token_usage_sum{{{_FINISHED}}}",
                f"gen_ai_client_token_usage_token_sum{{{_FINISHED}}}",
            ),
            "latency_seconds": (
                "gen_ai_server_request_duration_seconds_sum",
                "gen_ai_server_request_duration_sum",
            ),
        },
        model=("gen_ai_original_model", "gen_ai_request_model", "gen_ai_response_model"),
        operation="gen_ai_operation_name",
        operations={"tokenize|count_tokens": "other", "image_.*": "image"},
        failed={"error_type": ".+"},
        remark="kinds of tokens are told apart and never added up",
    ),
    "opentelemetry": Preset(
        "OpenTelemetry GenAI",
        _OTEL_SOURCE,
        {
            "inferences": (
                "gen_ai_client_operation_duration_seconds_count",
                "gen_ai_client_operation_duration_count",
            ),
            "input_tokens": (
                'gen_ai_client_token_usage_sum{gen_ai_token_type="input"}',
                'gen_ai_client_token_usage_token_sum{gen_ai_token_type="input"}',
            ),
            "output_tokens": (
                'gen_ai_client_token_usage_sum{gen_ai_token_type=~"output|completion"}',
                'gen_ai_client_token_usage_token_sum{gen_ai_token_type=~"output|completion"}',
            ),
            "latency_seconds": (
                "gen_ai_client_operation_duration_seconds_sum",
                "gen_ai_client_operation_duration_sum",
            ),
        },
        model=("gen_ai_response_model", "gen_ai_request_model"),
        operation="gen_ai_operation_name",
        failed={"error_type": ".+"},
        remark="calls are the count of the duration; the count of token usage has two for each call",
    ),
    "triton": Preset(
        "Triton Inference Server",
        "docs/user_guide/metrics.md",
        {
            "inferences": ("nv_inference_request_success",),
            "errors": ("nv_inference_request_failure",),
            "latency_microseconds": ("nv_inference_request_duration_us",),
        },
        model=("model",),
        remark="requests, not `nv_inference_count`, which counts the items of batches; tokens are not counted",
    ),
    "dynamo": Preset(
        "NVIDIA Dynamo",
        "metrics of its front end: dynamo_frontend_*",
        {
            "inferences": ("dynamo_frontend_requests_total", "nv_llm_http_service_requests_total"),
            "input_tokens": (
                "dynamo_frontend_input_sequence_tokens_sum",
                "nv_llm_http_service_input_sequence_tokens_sum",
            ),
            "cached_input_tokens": ("dynamo_frontend_cached_tokens_sum",),
            "output_tokens": (
                "dynamo_frontend_output_sequence_tokens_sum",
                "nv_llm_http_service_output_sequence_tokens_sum",
            ),
            "latency_seconds": (
                "dynamo_frontend_request_duration_seconds_sum",
                "nv_llm_http_service_request_duration_seconds_sum",
            ),
        },
        model=("model",),
        operation="endpoint",
        operations={".*embed.*": "embedding", ".*image.*": "image", ".*": "generation"},
        failed={"status": "error"},
    ),
    "kserve": Preset(
        "KServe",
        "kserve/metrics.py of its Python server; with the vLLM back end: the preset vllm",
        {
            "inferences": ("request_predict_seconds_count",),
            "latency_seconds": ("request_predict_seconds_sum",),
        },
        model=("model_name",),
        remark="tells neither tokens nor failures",
    ),
    "tensorzero": Preset(
        "TensorZero",
        "gateway: tensorzero_*; request_count and inference_count before",
        {
            "inferences": ("tensorzero_inferences_total", "inference_count"),
            "input_tokens": ("tensorzero_input_tokens_total",),
            "output_tokens": ("tensorzero_output_tokens_total",),
        },
        model=("model_name", "function_name"),
        remark="for a time it wrote both names beside each other; failures are not told apart",
    ),
}


def preset_named(name: str) -> Preset:
    """Return a preset.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
    return PRESETS[name]
