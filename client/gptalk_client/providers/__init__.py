"""Services that answer: GPTalk, and any OpenAI-compatible endpoint."""
