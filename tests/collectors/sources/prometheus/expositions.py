"""What servers write at `/metrics`: names, labels and types as theirs, values of our own."""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

EXPOSITIONS = {
    "vllm": """
# HELP vllm:request_success_total Count of successfully processed requests.
# TYPE vllm:request_success_total counter
vllm:request_success_total{engine="0",finished_reason="stop",model_name="llama-70b"} 410.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="llama-70b"} 31.0
vllm:request_success_total{engine="0",finished_reason="abort",model_name="llama-70b"} 7.0
vllm:request_success_total{engine="0",finished_reason="error",model_name="llama-70b"} 2.0
vllm:request_success_total{engine="1",finished_reason="stop",model_name="llama-70b"} 59.0
# TYPE vllm:request_success_created gauge
vllm:request_success_created{engine="0",finished_reason="stop",model_name="llama-70b"} 1.77e+09
vllm:prompt_tokens_total{engine="0",model_name="llama-70b"} 90210.0
vllm:prompt_tokens_total{engine="1",model_name="llama-70b"} 11000.0
vllm:prefix_cache_hits_total{engine="0",model_name="llama-70b"} 40000.0
vllm:generation_tokens_total{engine="0",model_name="llama-70b"} 12345.0
vllm:generation_tokens_total{engine="1",model_name="llama-70b"} 655.0
vllm:iteration_tokens_total_sum{engine="0",model_name="llama-70b"} 5.0
vllm:e2e_request_latency_seconds_bucket{engine="0",le="+Inf",model_name="llama-70b"} 450.0
vllm:e2e_request_latency_seconds_sum{engine="0",model_name="llama-70b"} 731.25
vllm:e2e_request_latency_seconds_count{engine="0",model_name="llama-70b"} 450.0
http_requests_total{handler="/v1/completions",method="POST",status="2xx"} 512.0
""",
    "vllm@kserve": """
kserve_vllm:request_success_total{finished_reason="stop",model_name="qwen"} 12.0
kserve_vllm:prompt_tokens_total{model_name="qwen"} 340.0
kserve_vllm:generation_tokens_total{model_name="qwen"} 56.0
""",
    "sglang": """
sglang:num_requests_total{engine_type="unified",is_streaming="true",model_name="mistral-24b"} 300.0
sglang:num_requests_total{engine_type="unified",is_streaming="false",model_name="mistral-24b"} 20.0
sglang:num_aborted_requests_total{engine_type="unified",model_name="mistral-24b"} 4.0
sglang:prompt_tokens_total{engine_type="unified",model_name="mistral-24b"} 8.128e+04
sglang:cached_tokens_total{cache_source="device",model_name="mistral-24b"} 100.0
sglang:cached_tokens_total{cache_source="host",model_name="mistral-24b"} 28.0
sglang:generation_tokens_total{engine_type="unified",model_name="mistral-24b"} 7.5e+03
sglang:e2e_request_latency_seconds_sum{engine_type="unified",model_name="mistral-24b"} 640.5
sglang:e2e_request_latency_seconds_count{engine_type="unified",model_name="mistral-24b"} 320.0
""",
    "sglang@old": """
sglang:prompt_tokens_total{model_name="mistral-7b"} 900.0
sglang:generation_tokens_total{model_name="mistral-7b"} 80.0
sglang:e2e_request_latency_seconds_sum{model_name="mistral-7b"} 21.5
sglang:e2e_request_latency_seconds_count{model_name="mistral-7b"} 43.0
""",
    "tgi": """
# TYPE tgi_request_count counter
tgi_request_count 108
# TYPE tgi_request_success counter
tgi_request_success 100
# TYPE tgi_request_failure counter
tgi_request_failure{err="generation"} 3
tgi_request_failure{err="overloaded"} 5
tgi_batch_inference_count{method="prefill"} 90
tgi_batch_inference_count{method="decode"} 4000
tgi_request_input_length_sum 21000
tgi_request_input_length_count 108
tgi_request_generated_tokens_sum 5100
tgi_request_duration_sum 412.5
""",
    "llama.cpp": """
# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed, excluding cached tokens
llamacpp:prompt_tokens_total 7745
llamacpp:prompt_tokens_cached_total 12972
llamacpp:tokens_predicted_total 1426
llamacpp:n_decode_total 424
llamacpp:requests_processing 1
""",
    "ollama": """
ollama_requests_total{model="gemma3:4b",endpoint="/api/chat"} 70
ollama_requests_total{model="nomic-embed-text",endpoint="/api/embed"} 12
ollama_prompt_tokens_total{model="gemma3:4b"} 7000
ollama_prompt_tokens_total{model="nomic-embed-text"} 600
ollama_completion_tokens_total{model="gemma3:4b"} 350
ollama_request_duration_seconds_sum{model="gemma3:4b",endpoint="/api/chat"} 61.5
ollama_request_duration_seconds_count{model="gemma3:4b",endpoint="/api/chat"} 70
ollama_request_duration_seconds_sum{model="nomic-embed-text",endpoint="/api/embed"} 0.5
ollama_active_requests{model="gemma3:4b",endpoint="/api/chat"} 2
""",
    "litellm": """
litellm_proxy_total_requests_metric_total{api_key_alias="web",end_user="None",requested_model="gpt-5-mini",route="/v1/chat/completions",status_code="200",team="None",team_alias="support"} 95.0
litellm_proxy_total_requests_metric_total{api_key_alias="web",end_user="None",requested_model="gpt-5-mini",route="/v1/chat/completions",status_code="429",team="None",team_alias="support"} 5.0
litellm_proxy_total_requests_metric_created{api_key_alias="web",end_user="None",requested_model="gpt-5-mini",route="/v1/chat/completions",status_code="200",team="None",team_alias="support"} 1.77e+09
litellm_proxy_total_requests_metric_total{api_key_alias="web",end_user="None",requested_model="embed-3",route="/v1/embeddings",status_code="200",team="None",team_alias="support"} 40.0
litellm_proxy_total_requests_metric_total{api_key_alias="web",end_user="None",requested_model="None",route="/v1/chat/completions",status_code="200",team="None",team_alias="support"} 3.0
litellm_proxy_failed_requests_metric_total{api_key_alias="web",exception_class="RateLimitError",exception_status="429",requested_model="gpt-5-mini",route="/v1/chat/completions",team="None",team_alias="support"} 5.0
litellm_deployment_total_requests_total{litellm_model_name="gpt-5-mini",requested_model="gpt-5-mini"} 130.0
litellm_input_tokens_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 19000.0
litellm_input_tokens_metric_total{model="openai/embed-3",requested_model="embed-3",team_alias="support"} 800.0
litellm_output_tokens_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 950.0
litellm_input_cached_tokens_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 4000.0
litellm_input_cache_creation_tokens_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 300.0
litellm_provider_cache_read_input_tokens_metric_total{model="openai/gpt-5-mini",team_alias="support"} 4000.0
litellm_total_tokens_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 19950.0
litellm_spend_metric_total{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 0.125
litellm_request_total_latency_metric_sum{model="openai/gpt-5-mini",requested_model="gpt-5-mini",team_alias="support"} 77.5
""",
    "envoy-ai-gateway": """
gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5-nano"} 60
gen_ai_server_request_duration_seconds_count{error_type="_OTHER",gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5-nano"} 4
gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="embeddings",gen_ai_original_model="embed",gen_ai_provider_name="openai",gen_ai_request_model="embed-3"} 9
gen_ai_server_request_duration_seconds_sum{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5-nano"} 33.5
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_token_type="input"} 6000
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_token_type="cached_input"} 500
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_token_type="output"} 720
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_token_type="total"} 6720
gen_ai_client_token_usage_count{gen_ai_operation_name="chat",gen_ai_original_model="fast",gen_ai_token_type="input"} 60
""",
    "opentelemetry": """
gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku",gen_ai_response_model="claude-haiku-4-5"} 25
gen_ai_client_operation_duration_seconds_count{error_type="timeout",gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku"} 2
gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="execute_tool"} 11
gen_ai_client_operation_duration_seconds_sum{gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku",gen_ai_response_model="claude-haiku-4-5"} 50.5
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku",gen_ai_response_model="claude-haiku-4-5",gen_ai_token_type="input"} 4100
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku",gen_ai_response_model="claude-haiku-4-5",gen_ai_token_type="output"} 610
gen_ai_client_token_usage_count{gen_ai_operation_name="chat",gen_ai_request_model="claude-haiku",gen_ai_response_model="claude-haiku-4-5",gen_ai_token_type="input"} 25
""",
    "triton": """
nv_inference_request_success{model="phi",version="1"} 88
nv_inference_request_failure{model="phi",version="1",reason="REJECTED"} 3
nv_inference_request_failure{model="phi",version="1",reason="OTHER"} 1
nv_inference_count{model="phi",version="1"} 700
nv_inference_exec_count{model="phi",version="1"} 40
nv_inference_request_duration_us{model="phi",version="1"} 4400000
""",
    "dynamo": """
dynamo_frontend_requests_total{endpoint="chat_completions",model="deepseek",request_type="stream",status="success"} 51
dynamo_frontend_requests_total{endpoint="chat_completions",model="deepseek",request_type="unary",status="success"} 9
dynamo_frontend_requests_total{endpoint="chat_completions",model="deepseek",request_type="stream",status="error"} 2
dynamo_frontend_input_sequence_tokens_sum{model="deepseek"} 30000
dynamo_frontend_output_sequence_tokens_sum{model="deepseek"} 4000
dynamo_frontend_request_duration_seconds_sum{model="deepseek"} 99.5
dynamo_frontend_inflight_requests{model="deepseek"} 3
""",
    "kserve": """
request_preprocess_seconds_count{model_name="sentiment"} 33
request_predict_seconds_count{model_name="sentiment"} 32
request_predict_seconds_sum{model_name="sentiment"} 8.25
request_predict_seconds_bucket{le="+Inf",model_name="sentiment"} 32
""",
    "tensorzero": """
tensorzero_requests_total{endpoint="inference",function_name="summary",model_name="openai::gpt-5-mini"} 21
tensorzero_requests_total{endpoint="feedback",metric_name="good"} 5
tensorzero_inferences_total{endpoint="inference",function_name="summary",model_name="openai::gpt-5-mini"} 21
inference_count{endpoint="inference",function_name="summary",model_name="openai::gpt-5-mini"} 21
request_count{endpoint="inference",function_name="summary",model_name="openai::gpt-5-mini"} 21
""",
    "tensorzero@old": """
request_count{endpoint="inference",function_name="summary"} 8
inference_count{endpoint="inference",function_name="summary"} 8
inference_count{endpoint="batch_inference",function_name="summary"} 30
""",
}
"""By preset, and behind an @ the version that writes something else."""

TOLD: dict[str, dict[tuple[str, str], dict[str, Any]]] = {
    "vllm": {
        ("llama-70b", "generation"): {
            "calls": 500, "errors": 9, "input": 101210, "cached": 40000, "output": 13000, "seconds": 731.25,
        }
    },
    "vllm@kserve": {("qwen", "generation"): {"calls": 12, "errors": 0, "input": 340, "output": 56}},
    "sglang": {
        ("mistral-24b", "generation"): {
            "calls": 320, "errors": 4, "input": 81280, "cached": 128, "output": 7500, "seconds": 640.5,
        }
    },
    "sglang@old": {
        ("mistral-7b", "generation"): {"calls": 43, "errors": 0, "input": 900, "output": 80, "seconds": 21.5}
    },
    "tgi": {("unknown", "generation"): {"calls": 100, "errors": 8, "input": 21000, "output": 5100, "seconds": 412.5}},
    "ollama": {
        ("gemma3:4b", "generation"): {"calls": 70, "errors": 0, "input": 7000, "output": 350, "seconds": 61.5},
        ("nomic-embed-text", "embedding"): {"calls": 12, "errors": 0, "input": 600, "seconds": 0.5},
    },
    "litellm": {
        ("gpt-5-mini", "generation"): {
            "calls": 95, "errors": 5, "input": 19000, "cached": 4000, "output": 950, "seconds": 77.5, "cost": 0.125,
        },
        ("embed-3", "embedding"): {"calls": 40, "errors": 0, "input": 800},
        ("unknown", "generation"): {"calls": 3, "errors": 0},
    },
    "envoy-ai-gateway": {
        ("fast", "generation"): {
            "calls": 60, "errors": 4, "input": 6000, "cached": 500, "output": 720, "seconds": 33.5,
        },
        ("embed", "embedding"): {"calls": 9, "errors": 0},
    },
    "opentelemetry": {
        ("claude-haiku-4-5", "generation"): {
            "calls": 25, "errors": 0, "input": 4100, "output": 610, "seconds": 50.5,
        },
        ("claude-haiku", "generation"): {"errors": 2},
        ("unknown", "tool"): {"calls": 11, "errors": 0},
    },
    "triton": {("phi", "generation"): {"calls": 88, "errors": 4, "seconds": 4.4}},
    "dynamo": {
        ("deepseek", "generation"): {"calls": 60, "errors": 2, "input": 30000, "output": 4000, "seconds": 99.5}
    },
    "kserve": {("sentiment", "generation"): {"calls": 32, "errors": 0, "seconds": 8.25}},
    "tensorzero": {("openai::gpt-5-mini", "generation"): {"calls": 21, "errors": 0}},
    "tensorzero@old": {("summary", "generation"): {"calls": 38, "errors": 0}},
    "llama.cpp": {("unknown", "generation"): {"input": 20717, "cached": 12972, "output": 1426}},
}  # fmt: skip
"""What each of them counts as, by model and operation; what is not there is unknown."""
