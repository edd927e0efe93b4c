"""Engines and services that many people use: their addresses, and where their keys usually are. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """One engine or service that speaks OpenAI's chat completions."""

    name: str
    """What a provider made of it is called, unless another name is chosen."""
    title: str
    url: str
    """Where it usually is; empty for `OTHER`."""
    key_variable: str = ""
    """The environment variable that its key is usually in; empty if it needs none."""
    start: str = ""
    """The command that starts it; empty for a service, and where there is no such command."""

    @property
    def is_local(self) -> bool:
        """Whether it runs on this computer."""
        return self.url.startswith("http://127.0.0.1")


OTHER = Preset("other", "Another address", "")

PRESETS = (
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1", start="ollama serve"),
    Preset("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1", start="lms server start"),
    Preset("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", start="llama-server -m MODEL.gguf"),
    Preset("vllm", "vLLM", "http://127.0.0.1:8000/v1", start="vllm serve MODEL"),
    Preset("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    Preset("anthropic", "Anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    Preset("gemini", "Gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    Preset("mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    Preset("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    Preset("xai", "xAI", "https://api.x.ai/v1", "XAI_API_KEY"),
    OTHER,
)
"""In the order in which they are offered."""


def preset_named(name: str) -> Preset | None:
    """Return the preset with a name; None if there is none."""
    return next((each for each in PRESETS if each.name == name), None)
