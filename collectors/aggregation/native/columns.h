/* The table of counted fields, made of collectors/counted_fields.py by
   `python -m leverwatch.collectors.aggregation.native_columns`: what is changed here is lost. */

#ifndef LEVERWATCH_COLUMNS_H
#define LEVERWATCH_COLUMNS_H

/* Counted fields, in the order of a cell. */
#define COLUMNS \
    X(inferences) \
    X(errors) \
    X(cache_hits) \
    X(attempts) \
    X(input_tokens) \
    X(cached_input_tokens) \
    X(output_tokens) \
    X(unknown_input) \
    X(unknown_cached) \
    X(unknown_output) \
    X(cost_usd) \
    X(unpriced) \
    X(latency_ms) \
    X(unknown_latency) \
    X(cache_write_tokens) \
    X(reasoning_tokens) \
    X(traced) \
    X(traces) \
    X(checked) \
    X(invalid) \
    X(schema_checked) \
    X(schema_mode) \
    X(finish_known) \
    X(truncated) \
    X(static_known) \
    X(static_tokens) \
    X(costed_input_tokens) \
    X(costed_cached_input_tokens) \
    X(costed_cache_write_tokens) \
    X(costed_output_tokens) \
    X(uncosted_write_1h_tokens) \
    X(uncosted_input) \
    X(uncosted_output)
/* Fields of a record that are whole numbers, and those that are any numbers. */
#define WHOLE_FIELDS \
    X(input_tokens) \
    X(cached_input_tokens) \
    X(output_tokens) \
    X(cache_write_tokens) \
    X(reasoning_tokens) \
    X(static_input_tokens) \
    X(cache_write_1h_tokens)
#define AMOUNT_FIELDS \
    X(cost_usd) \
    X(latency_ms)
/* Fields of a record that are words, and are judged. */
#define JUDGED_FIELDS \
    X(valid) \
    X(schema_mode) \
    X(finish_reason)
/* The parts of the fields that are wholes. */
#define PARTS_OF_input_tokens(type) (PART(type, cached_input_tokens) + PART(type, cache_write_tokens))
#define PARTS_OF_output_tokens(type) (PART(type, reasoning_tokens))
/* The lengths of input beyond which a provider asks another price. */
#define INPUT_BOUNDS 32000, 100000, 128000, 199999, 200000, 256000, 272000, 512000, 524288
/* What a call adds, as it came out. */
#define ON_SUCCESS \
    WEIGHT(inferences) \
    AMOUNT(errors, errors) \
    AMOUNT_OR_WEIGHT(attempts, attempts) \
    WHOLE(input_tokens, input_tokens, PARTS_OF_input_tokens) \
    AMOUNT(cached_input_tokens, cached_input_tokens) \
    WHOLE(output_tokens, output_tokens, PARTS_OF_output_tokens) \
    UNKNOWN(unknown_input, input_tokens) \
    UNKNOWN(unknown_cached, cached_input_tokens) \
    UNKNOWN(unknown_output, output_tokens) \
    AMOUNT(cost_usd, cost_usd) \
    UNKNOWN(unpriced, cost_usd) \
    AMOUNT(latency_ms, latency_ms) \
    UNKNOWN(unknown_latency, latency_ms) \
    AMOUNT(cache_write_tokens, cache_write_tokens) \
    AMOUNT(reasoning_tokens, reasoning_tokens) \
    TRACE_KNOWN(traced, trace_id) \
    TRACE_FIRST(traces, trace_id) \
    JUDGED_KNOWN(checked, valid) \
    JUDGED_TRUE(invalid, valid) \
    JUDGED_KNOWN(schema_checked, schema_mode) \
    JUDGED_TRUE(schema_mode, schema_mode) \
    JUDGED_KNOWN(finish_known, finish_reason) \
    JUDGED_TRUE(truncated, finish_reason) \
    KNOWN(static_known, static_input_tokens) \
    AMOUNT(static_tokens, static_input_tokens) \
    GIVEN(cost_usd) WHOLE(costed_input_tokens, input_tokens, PARTS_OF_input_tokens) \
    GIVEN(cost_usd) AMOUNT(costed_cached_input_tokens, cached_input_tokens) \
    GIVEN(cost_usd) AMOUNT(costed_cache_write_tokens, cache_write_tokens) \
    GIVEN(cost_usd) WHOLE(costed_output_tokens, output_tokens, PARTS_OF_output_tokens) \
    LACKING(cost_usd) AMOUNT(uncosted_write_1h_tokens, cache_write_1h_tokens) \
    LACKING(cost_usd) UNKNOWN(uncosted_input, input_tokens) \
    GIVEN(input_tokens) LACKING(cost_usd) UNKNOWN(uncosted_output, output_tokens)
#define ON_FAILURE \
    AMOUNT_OR_WEIGHT(errors, errors) \
    AMOUNT_OR_WEIGHT(attempts, attempts) \
    AMOUNT(cost_usd, cost_usd)
#define ON_CACHE_HIT \
    WEIGHT(cache_hits)
/* What the time and the numbers of tokens of a record are multiplied by in its identity. */
#define TIME_FACTOR 0x5c58e1674ad10b7bULL
#define NUMBER_FACTORS 0x3e158009c0e1d041ULL, 0xac232cee3927301ULL, 0xd1220df4cc3d1a03ULL, 0x74981b0a8b0ee6ebULL, 0xcbeca328eaab3c35ULL, 0x4559513fc45dfb35ULL, 0x25aa960109a315fbULL
/* All of it, for the comparison with the table that Python has. */
#define TABLE \
    "inferences: weight of None in calls on_success\n" \
    "errors: amount or failure of errors in calls on_success on_failure\n" \
    "cache_hits: weight of None in calls on_cache_hit\n" \
    "attempts: amount or weight of attempts in calls on_success on_failure\n" \
    "input_tokens: amount of input_tokens in tokens on_success\n" \
    "cached_input_tokens: amount of cached_input_tokens in tokens on_success\n" \
    "output_tokens: amount of output_tokens in tokens on_success\n" \
    "unknown_input: unknown of input_tokens in calls on_success\n" \
    "unknown_cached: unknown of cached_input_tokens in calls on_success\n" \
    "unknown_output: unknown of output_tokens in calls on_success\n" \
    "cost_usd: amount of cost_usd in usd on_success on_failure\n" \
    "unpriced: unknown of cost_usd in calls on_success\n" \
    "latency_ms: amount of latency_ms in ms on_success\n" \
    "unknown_latency: unknown of latency_ms in calls on_success\n" \
    "cache_write_tokens: amount of cache_write_tokens in tokens on_success\n" \
    "reasoning_tokens: amount of reasoning_tokens in tokens on_success\n" \
    "traced: known of trace_id in calls on_success\n" \
    "traces: first of trace_id in traces on_success\n" \
    "checked: known of valid in calls on_success\n" \
    "invalid: true of valid in calls on_success\n" \
    "schema_checked: known of schema_mode in calls on_success\n" \
    "schema_mode: true of schema_mode in calls on_success\n" \
    "finish_known: known of finish_reason in calls on_success\n" \
    "truncated: true of finish_reason in calls on_success\n" \
    "static_known: known of static_input_tokens in calls on_success\n" \
    "static_tokens: amount of static_input_tokens in tokens on_success\n" \
    "costed_input_tokens: amount of input_tokens in tokens on_success given cost_usd\n" \
    "costed_cached_input_tokens: amount of cached_input_tokens in tokens on_success given cost_usd\n" \
    "costed_cache_write_tokens: amount of cache_write_tokens in tokens on_success given cost_usd\n" \
    "costed_output_tokens: amount of output_tokens in tokens on_success given cost_usd\n" \
    "uncosted_write_1h_tokens: amount of cache_write_1h_tokens in tokens on_success lacking cost_usd\n" \
    "uncosted_input: unknown of input_tokens in calls on_success lacking cost_usd\n" \
    "uncosted_output: unknown of output_tokens in calls on_success given input_tokens lacking cost_usd\n" \
    "time: 0x5c58e1674ad10b7b in identities\n" \
    "input_tokens: 0x3e158009c0e1d041 in identities\n" \
    "cached_input_tokens: 0xac232cee3927301 in identities\n" \
    "output_tokens: 0xd1220df4cc3d1a03 in identities\n" \
    "cache_write_tokens: 0x74981b0a8b0ee6eb in identities\n" \
    "reasoning_tokens: 0xcbeca328eaab3c35 in identities\n" \
    "static_input_tokens: 0x4559513fc45dfb35 in identities\n" \
    "cache_write_1h_tokens: 0x25aa960109a315fb in identities\n" \
    "input_tokens: holds cached_input_tokens cache_write_tokens\n" \
    "output_tokens: holds reasoning_tokens\n" \
    "input: bounds 32000 100000 128000 199999 200000 256000 272000 512000 524288"

#endif
