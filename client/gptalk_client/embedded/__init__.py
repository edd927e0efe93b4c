"""A GPTalk endpoint on loopback in front of a real model.

`provider` is what an app streams from, `serve` what runs in the foreground, `weights` fetches the model.
The engine and the server live in a process of their own (`process` holds the parent's side, `child` the
child's), so that native code that crashes takes no terminal with it. Nothing heavy is imported before that
process starts.
"""
