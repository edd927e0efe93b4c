"""A GPTalk endpoint on loopback in front of a real model."""
