-- Where in a model's answer a value stands, as far as that says what was used.
local places = {}

-- Where a field stands, by where its object does and by its name. The elements of an array stand
-- where the array does. `root` is the answer or one event of it, `envelope` an answer within one,
-- `text` what was generated, and `answer` what texts are in.
places.fields = {
  envelope = { model = "model", modelVersion = "model", usage = "usage", usageMetadata = "usage" },
  root = {
    model = "model", modelVersion = "model", usage = "usage", usageMetadata = "usage",
    type = "kind", choices = "answer", candidates = "answer", delta = "text",
    response = "envelope", message = "envelope",
  },
  answer = {
    delta = "text", message = "answer", content = "text", parts = "answer", text = "text",
    reasoning_content = "text", reasoning = "text", refusal = "text", thinking = "text",
    partial_json = "text", tool_calls = "answer", ["function"] = "answer", arguments = "text",
  },
  usage = {
    -- The prompt, what was cached of it included.
    prompt_tokens = "prompt", promptTokenCount = "prompt",
    -- The prompt; where a cache is told of beside it, without what was cached.
    input_tokens = "input", inputTokens = "input",
    completion_tokens = "output", output_tokens = "output",
    candidatesTokenCount = "output", outputTokens = "output",
    -- What the two before do not include.
    thoughtsTokenCount = "thoughts", toolUsePromptTokenCount = "tools",
    prompt_tokens_details = "details", input_tokens_details = "details",
    prompt_cache_hit_tokens = "cached", cachedContentTokenCount = "cached",
    cache_read_input_tokens = "read", cacheReadInputTokens = "read",
    cache_creation_input_tokens = "written", cacheWriteInputTokens = "written",
  },
  details = { cached_tokens = "cached" },
}
places.fields.text = places.fields.answer

-- The places of counts of tokens.
places.counts = {
  prompt = true, input = true, output = true, thoughts = true, tools = true, cached = true,
  read = true, written = true,
}

return places
