#!/usr/bin/env bash
# litellm 1.106.2: an answer that ended in an error is handed over as one that ended well.
#
# OpenRouter and other gateways end a chat completion whose provider broke off in the middle with
# `"finish_reason": "error"`, as their documentation says. litellm maps the word to `stop`, which means "whole": half a
# sentence cannot be told from a whole one by the field that exists for it. The original word is kept, undocumented, in
# `choices[0].provider_specific_fields["native_finish_reason"]`.
#
# Expected: a finish_reason that is not `stop`, or an exception.
# Seen:     finish_reason: 'stop' | text: 'right I returned another garden after lunch and' | native: 'error'
#
# Runs without a network but for the installation; exits 1 when litellm behaves differently.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "litellm==1.106.2"
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_MODE=PRODUCTION
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import litellm

TEXT = "right I returned another garden after lunch and"


class Gateway(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "error"}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "it", "choices": [choice], "usage": usage}
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
threading.Thread(target=server.serve_forever, daemon=True).start()
answer = litellm.completion(
    model="openai/it",
    messages=[{"role": "user", "content": "hi"}],
    api_base=f"http://127.0.0.1:{server.server_port}/v1",
    api_key="none",
    max_retries=0,
)
(choice,) = answer.choices
native = (getattr(choice, "provider_specific_fields", None) or {}).get("native_finish_reason")
print(f"finish_reason: {choice.finish_reason!r} | text: {choice.message.content!r} | native: {native!r}")
sys.exit(0 if choice.finish_reason == "stop" and choice.message.content == TEXT else 1)
PYTHON
