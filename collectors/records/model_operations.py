"""The operation of a model by its name, for records that do not say what was asked for. Pure.

Providers name what writes no text after what it does. The patterns are those of the names in their own lists of
models, and the comments name these providers; they were compared with the `mode` of each model in LiteLLM's price
list. Names are looked up in lower case, with whatever a gateway, region or cloud puts before and behind them. What
writes text is a generation, also where it takes or gives sounds and images besides (`gpt-realtime`,
`gpt-4o-audio-preview`, vision models), and so is one that no pattern knows.
"""

from __future__ import annotations

import re

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.recall import recall

_WORD = str.maketrans({"^": "(?<![a-z0-9])", "$": "(?![a-z])"})
"""In a pattern, `^` and `$` are the start and the end of a word of a name."""
_TABLE: tuple[tuple[Operation, tuple[str, ...]], ...] = (
    (
        Operation.RERANK,
        (
            # Cohere, Voyage, Jina, Amazon (`amazon.rerank-v1:0`), BAAI (`bge-reranker`), Mixedbread, NVIDIA
            # (`nv-rerankqa`), Qwen3-Reranker: all have the word.
            "rerank",
            # Google's ranking API, the cross-encoders of Sentence Transformers, Salesforce.
            "semantic-ranker", "cross-encoder", "ms-marco", "llama-rank",
        ),
    ),
    (
        Operation.EMBEDDING,
        (
            # OpenAI (`text-embedding-3-small`), Google (`gemini-embedding-001`, `textembedding-gecko`,
            # `multimodalembedding`), Alibaba, Upstage, Jina, IBM Granite, ByteDance: the word; it goes on in
            # Google's `embeddinggemma` and Sber's `EmbeddingsGigaR`.
            "embeddings?$", "embeddinggemma", "embeddingsgiga",
            # Cohere (`embed-english-v3.0`), Amazon Titan, Mistral, Nomic, Mixedbread, Snowflake, TwelveLabs,
            # NVIDIA (`nv-embed-v1`, `nv-embedqa`, `embed-qa-4`).
            "^embed(?:qa|code)?$",
            # OpenAI's first ones.
            "^(?:text-similarity|text-search|code-search)-(?:ada|babbage|curie|davinci)",
            # Voyage AI: all but its rerankers are embeddings.
            "^voyage-(?:[0-9]|code|law|finance|multi|context|large|lite)",
            # Open models on Hugging Face, Ollama and the servers of open models: BAAI, intfloat, Alibaba's GTE,
            # Sentence Transformers, Salesforce, WhereIsAI, Together's M2-BERT, Stanford's ColBERT, CLIP.
            "^bge-", "^e5-(?:small|base|large|mistral)", "^gte-(?:small|base|large|multi|modernbert|qwen)",
            "minilm", "sentence-transformers/", "sentence-t5", "sfr-embed", "^uae-large", "m2-bert",
            "colbert$", "^(?:jina|openai/)-?clip-", "clip-vit", "hkunlp/instructor", "^stella_en",
            "^paraphrase-(?:multilingual|albert|minilm|mpnet|distil)",
        ),
    ),
    (
        Operation.MODERATION,
        (
            # OpenAI (`omni-moderation-latest`, `text-moderation-stable`), Mistral (`mistral-moderation-latest`).
            "^moderation$",
        ),
    ),
    (
        Operation.AUDIO,
        (
            # OpenAI: `whisper-1` (also of Groq and others), `gpt-4o-transcribe`, `tts-1-hd`, `gpt-4o-mini-tts`.
            "^(?:distil-)?whisper", "^transcri(?:be|ption|bator)", "^tts$",
            # Google (`gemini-2.5-flash-preview-tts` as above, `chirp_2`, `lyria-002`), Mistral.
            "^chirp$", "^lyria-", "voxtral-mini-realtime",
            # ElevenLabs, Deepgram, AssemblyAI, Cartesia, MiniMax, Azure.
            "^eleven_", "^scribe_v", "deepgram/", "^nova-[123]-(?:general|medical|meeting|phonecall)",
            "^aura-(?:2-)?[a-z]+-e[ns]$", "assemblyai/", "cartesia/", "^sonic-(?:2|3|english|turbo)",
            "^speech-[0-9]", "^azure-(?:tts|speech)",
            # The words of the tasks, as hosts of open models have them, and open models.
            "^(?:asr|stt)$", "speech-to-text", "text-to-speech", "^(?:parakeet|speecht5|wav2vec)",
            "^canary-[0-9]", "^(?:xtts|cosyvoice|kokoro|musicgen|paraformer|sensevoice)", "suno/bark",
            "canopylabs/orpheus", "aws_polly/",
        ),
    ),
    (
        Operation.IMAGE,
        (
            # OpenAI (`dall-e-3`, `gpt-image-1`, `chatgpt-image-latest`), xAI (`grok-2-image`),
            # Google (`imagen-4.0-generate-001`, `imagegeneration@006`, `gemini-2.5-flash-image`).
            "^dall-?e", "^(?:chat)?gpt-image", r"^grok-(?:[\w.]+-)?image",
            "^imagen$", "imagegeneration", r"^gemini-[\w.-]*image", "nano-banana",
            # Amazon (`titan-image-generator-v2:0`, `nova-canvas-v1:0`), Stability AI (on Bedrock `stability.`).
            "titan-image", "nova-canvas", "stability[./]", "^stable-(?:diffusion|image|cascade)",
            "^(?:sdxl|sd3|sd-turbo)", "^ssd-1b",
            # Black Forest Labs, Ideogram, Recraft, Leonardo, Luma's photon, Playground, Midjourney, MiniMax.
            "^flux$", "black-forest-labs/", "^ideogram", "^recraft", "leonardo-phoenix",
            "^photon-(?:[0-9]|flash)", "^playground-v", "^midjourney", "^image-01",
            # Alibaba, Tencent, Zhipu, Microsoft, Meta, Runway, Google's fitting room, ByteDance, and open models.
            "^(?:qwen|hunyuan|glm|z|mai|muse)-image", "text-to-image", "gen4_image", "virtual-try-on",
            r"^wan[\w.-]*t2i", "^wanx", "^seedream",
            "^cogview", "^(?:kandinsky|hidream|aura-?flow|pixart)",
        ),
    ),
    (
        # Videos have no operation of their own.
        Operation.OTHER,
        (
            # Google, OpenAI, Amazon, Luma (on Bedrock `luma.ray-v2:0`), Runway, Kling, MiniMax, ByteDance, others.
            "^veo-?[0-9]", "^sora-[0-9]", "nova-reel", r"luma\.ray", "^ray-(?:flash-)?[0-9]",
            "^gen(?:3a|4)_turbo", r"^gen4\.5", "^kling$", "^hailuo", "^video-01",
            "^seedance", "-[tir]2v$", "-to-video", "^wan[0-9.]+-video", "grok-imagine-video",
            "^(?:cogvideo|hunyuan-video|mochi-1|ltx-video)",
        ),
    ),
)  # fmt: skip
_PATTERNS = tuple((operation, re.compile("|".join(patterns).translate(_WORD))) for operation, patterns in _TABLE)
_FINE_TUNED = "ft:"
"""A fine-tuned model of OpenAI: the model that it was made of comes next, and names of one's own follow."""


@recall(4096)
def operation_of_model(model: str | None) -> Operation | None:
    """Return the operation of a model by its name; None when it is, or may be, text generation."""
    name = (model or "").lower()
    if name.startswith(_FINE_TUNED):
        name = name.removeprefix(_FINE_TUNED).partition(":")[0]
    return next((operation for operation, pattern in _PATTERNS if pattern.search(name)), None)
